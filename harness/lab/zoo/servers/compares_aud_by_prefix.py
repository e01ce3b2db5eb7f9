"""Asks whether the audience begins with its own name."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import Claims, audience_is_ours
from harness.lab.target.verdict import VerifierSettings
from harness.lab.zoo.seams import swap_check
from harness.results.row import Cause

FINDS = ("CLM-01",)


def change(target: Assembly) -> None:
    """Compare the beginning."""

    def begins(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
        audience = claims.get("aud")
        if isinstance(audience, str) and audience.startswith(settings.audience):
            return Cause.OK
        return audience_is_ours(claims, settings, now_s)

    swap_check(target, audience_is_ours, begins)
