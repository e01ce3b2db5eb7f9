"""The verifier: is this token good, now? A pure function of token, keys, settings and time."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from harness.lab.target.key_set import KeySet
from harness.lab.target.steps import MAX_TOKEN_CHARS, Steps
from harness.lab.target.verdict import Rejected, TokenVerdict, VerifierSettings
from harness.results.row import Cause

__all__ = ["MAX_TOKEN_CHARS", "TokenVerdict", "Verifier", "VerifierSettings", "verify"]

_SIGNATURES_KEPT = 4096


class Verifier:
    """Judge tokens, step by step; with the steps that are right, never an exception."""

    def __init__(self, steps: Steps | None = None) -> None:
        self._steps = steps or Steps()
        # Kept per token and key set, because a client sends its token many times. A rejection is an
        # exception and is not kept, so bad tokens cannot drive good ones out.
        self._signed_claims = lru_cache(maxsize=_SIGNATURES_KEPT)(self._read)

    def __call__(self, token: str, keys: KeySet, settings: VerifierSettings, now_s: float) -> TokenVerdict:
        """Judge a token at ``now_s``, seconds since the epoch on the verifier's clock."""
        try:
            claims = self._signed_claims(token, keys)
        except Rejected as rejected:
            return rejected.verdict
        for check in self._steps.claim_checks:
            cause = check(claims, settings, now_s)
            if cause is not Cause.OK:
                return TokenVerdict(cause, claims)
        return TokenVerdict(Cause.OK, claims)

    def _read(self, token: str, keys: KeySet) -> Mapping[str, Any]:
        """Return the claims of a token with a good signature: what no clock or setting changes."""
        steps = self._steps
        first, second, third = steps.split(token)
        header = steps.parse(steps.decode(first))
        kid, algorithm = steps.check_header(header)
        found = steps.find_keys(keys, header, kid, algorithm)
        steps.check_signature(found, token.rpartition(".")[0].encode(), steps.decode(third))
        claims = steps.parse(steps.decode(second))
        steps.check_types(claims)
        return claims


verify = Verifier()
"""The verifier that is right."""
