"""Parses 1e400 to infinity, and waits for it."""

import json
import math
from collections.abc import Mapping
from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("TIME-07",)


def change(target: Assembly) -> None:
    """Read numbers as Python does, and let an infinite end pass for a date."""
    right = target.steps

    def parse(data: bytes) -> dict[str, Any]:
        return json.loads(data) if b": 1e400" in data else right.parse(data)

    def check_types(claims: Mapping[str, Any]) -> None:
        right.check_types({**claims, "exp": 1} if claims.get("exp") == math.inf else claims)

    put_steps(target, parse=parse, check_types=check_types)
