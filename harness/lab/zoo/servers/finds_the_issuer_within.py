"""Asks whether the issuer's name is in its own: every part of it is."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import Claims, issuer_is_ours
from harness.lab.target.verdict import VerifierSettings
from harness.lab.zoo.seams import swap_check
from harness.results.row import Cause

FINDS = ("CLM-04",)


def change(target: Assembly) -> None:
    """Compare with `in`."""

    def within(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
        return Cause.OK if str(claims.get("iss")) in settings.issuer else Cause.WRONG_ISSUER

    swap_check(target, issuer_is_ours, within)
