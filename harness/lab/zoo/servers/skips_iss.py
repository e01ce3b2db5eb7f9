"""Never compares `iss`."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import issuer_is_ours
from harness.lab.zoo.seams import swap_check

FINDS = ("CLM-04",)


def change(target: Assembly) -> None:
    """Leave the check out."""
    swap_check(target, issuer_is_ours)
