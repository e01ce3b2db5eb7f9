"""Compares `aud` where it is there, as one library does."""

from dataclasses import replace

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import Claims, audience_is_ours
from harness.lab.target.verdict import VerifierSettings
from harness.lab.zoo.seams import swap_check
from harness.results.row import Cause

FINDS = ("CLM-02",)


def change(target: Assembly) -> None:
    """Require all but the audience."""
    required = tuple(name for name in target.demands.required if name != "aud")
    target.demands = replace(target.demands, required=required)

    def if_there(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
        return audience_is_ours(claims, settings, now_s) if "aud" in claims else Cause.OK

    swap_check(target, audience_is_ours, if_there)
