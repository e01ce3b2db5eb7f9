"""Never asks whether a token was revoked."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.claim_checks import generation_lives
from harness.lab.zoo.seams import swap_check

FINDS = ("CLM-10",)


def change(target: Assembly) -> None:
    """Leave the check out."""
    swap_check(target, generation_lives)
