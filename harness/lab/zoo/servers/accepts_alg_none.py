"""Takes a token without a signature when its header says `none`: the oldest defect of all."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.unsigned import unsigned

FINDS = ("SIGN-01", "SIGN-06")


def change(target: Assembly) -> None:
    """Let `none` pass each step."""
    unsigned(target, lambda algorithm: algorithm == "none")
