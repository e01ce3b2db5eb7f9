"""Starts with a secret that was never set, and verifies HS256 with nothing."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.shared_secret import hmac_by

FINDS = ("SIGN-10",)


def change(target: Assembly) -> None:
    """Answer HS256 with an empty secret."""
    hmac_by(target, lambda keys: [b""])
