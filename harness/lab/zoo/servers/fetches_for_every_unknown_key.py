"""Has no cooldown: each unknown `kid` is a request to the issuer."""

from harness.lab.target.assembly import Assembly

FINDS = ("KEY-04",)


def change(target: Assembly) -> None:
    """Wait for nothing between two fetches."""
    target.keys.cooldown_s = 0.0
