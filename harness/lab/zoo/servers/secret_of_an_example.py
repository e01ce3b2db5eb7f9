"""Kept the secret of the example that it was copied from."""

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.shared_secret import hmac_by

FINDS = ("SIGN-11",)


def change(target: Assembly) -> None:
    """Answer HS256 with a secret that everybody knows."""
    hmac_by(target, lambda keys: [b"secret"])
