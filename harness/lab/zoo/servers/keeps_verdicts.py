"""Remembers that a token was good, and not until when."""

from harness.lab.target.assembly import Assembly, Verify
from harness.lab.target.key_set import KeySet
from harness.lab.target.verdict import TokenVerdict, VerifierSettings
from harness.results.row import Cause

FINDS = ("CLM-10", "KEY-02", "LIFE-03", "LIFE-04", "TIME-22")


def change(target: Assembly) -> None:
    """Keep good verdicts by the token's text."""
    inner = target.wrap_verifier

    def wrap(right: Verify) -> Verify:
        verify, good = inner(right), dict[str, TokenVerdict]()

        def remember(token: str, keys: KeySet, settings: VerifierSettings, now_s: float) -> TokenVerdict:
            if token not in good:
                verdict = verify(token, keys, settings, now_s)
                if verdict.cause is not Cause.OK:
                    return verdict
                good[token] = verdict
            return good[token]

        return remember

    target.wrap_verifier = wrap
