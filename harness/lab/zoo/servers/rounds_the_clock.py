"""Cuts its clock to whole seconds and lets the end's own second pass."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import Claims, lives
from harness.lab.target.verdict import VerifierSettings
from harness.lab.zoo.seams import swap_check
from harness.results.row import Cause

FINDS = ("TIME-22",)


def change(target: Assembly) -> None:
    """Compare whole seconds, the last one included."""

    def lives_out(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
        return Cause.EXPIRED if int(now_s - settings.leeway_s) > int(claims["exp"]) else Cause.OK

    swap_check(target, lives, lives_out)
