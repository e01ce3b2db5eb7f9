"""Never compares `exp`: verification of it was switched off for a test once."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import lives
from harness.lab.zoo.seams import swap_check

FINDS = ("LIFE-03", "LIFE-04", "TIME-01", "TIME-02", "TIME-06", "TIME-22")


def change(target: Assembly) -> None:
    """Leave the check out."""
    swap_check(target, lives)
