"""Verifies by the key's own algorithm, and never looks at the header's."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("SIGN-07", "SIGN-08", "SIGN-17")


ALGORITHM = "RS256"


def change(target: Assembly) -> None:
    """Read the header as if it named the key's algorithm."""
    right = target.steps
    put_steps(target, check_header=lambda header: right.check_header({**header, "alg": "RS256"}))
