"""Never compares `iat` with anything."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import Claims, has_begun
from harness.lab.target.verdict import VerifierSettings
from harness.lab.zoo.seams import swap_check
from harness.results.row import Cause

FINDS = ("TIME-19",)


def change(target: Assembly) -> None:
    """Compare `nbf` only."""

    def begun(claims: Claims, settings: VerifierSettings, now_s: float) -> Cause:
        return has_begun({name: value for name, value in claims.items() if name != "iat"}, settings, now_s)

    swap_check(target, has_begun, begun)
