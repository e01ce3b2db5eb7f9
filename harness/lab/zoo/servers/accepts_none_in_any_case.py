"""Forbids `none` by name, and lets nOnE in."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.unsigned import unsigned

FINDS = ("SIGN-02", "SIGN-03", "SIGN-04")


def change(target: Assembly) -> None:
    """Let every spelling but the forbidden one pass."""
    unsigned(target, lambda algorithm: algorithm != "none" and algorithm.lower() == "none")
