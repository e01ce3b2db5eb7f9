"""Parses JSON as Python does: of two members of one name the last wins."""

import json
from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("HEAD-08", "TIME-12")


def change(target: Assembly) -> None:
    """Read the claims in another way."""
    right = target.steps

    def parse(data: bytes) -> dict[str, Any]:
        try:
            members = json.loads(data, object_pairs_hook=dict)
        except (ValueError, RecursionError):
            members = {}
        return right.parse(json.dumps(members).encode())

    put_steps(target, parse=parse)
