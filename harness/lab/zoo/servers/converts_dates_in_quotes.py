"""Turns a date in quotes into a number."""

from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("TIME-05", "TIME-16")


def change(target: Assembly) -> None:
    """Read the claims in another way."""
    right = target.steps

    def parse(data: bytes) -> dict[str, Any]:
        members = right.parse(data)
        dates = {name: int(value) for name, value in members.items() if isinstance(value, str) and value.isdigit()}
        return members | {name: value for name, value in dates.items() if name in ("exp", "nbf", "iat")}

    put_steps(target, parse=parse)
