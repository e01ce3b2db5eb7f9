"""Decodes the token and never verifies it."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = (
    "HEAD-01",
    "HEAD-02",
    "KEY-05",
    "META-19",
    "SIGN-12",
    "SIGN-13",
    "SIGN-14",
    "SIGN-15",
    "SIGN-18",
    "SIGN-19",
    "WIRE-12",
)


def change(target: Assembly) -> None:
    """Leave the check of the signature out."""
    put_steps(target, check_signature=lambda found, message, signature: None)
