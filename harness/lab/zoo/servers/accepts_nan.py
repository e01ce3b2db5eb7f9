"""Takes NaN for a number: every comparison with it is false, and the token lives."""

import json
import math
from collections.abc import Mapping
from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("TIME-08",)


def change(target: Assembly) -> None:
    """Read NaN as Python does, and let it pass for a date."""
    right = target.steps

    def parse(data: bytes) -> dict[str, Any]:
        return json.loads(data) if b": NaN" in data else right.parse(data)

    def check_types(claims: Mapping[str, Any]) -> None:
        end = claims.get("exp")
        right.check_types({**claims, "exp": 1} if isinstance(end, float) and math.isnan(end) else claims)

    put_steps(target, parse=parse, check_types=check_types)
