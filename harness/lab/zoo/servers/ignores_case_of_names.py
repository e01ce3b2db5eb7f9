"""Decodes into a structure that ignores the case of names: EXP sets exp."""

from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("TIME-13",)


def change(target: Assembly) -> None:
    """Read the claims in another way."""
    right = target.steps

    def parse(data: bytes) -> dict[str, Any]:
        members = right.parse(data)
        return {name.lower(): value for name, value in members.items()}

    put_steps(target, parse=parse)
