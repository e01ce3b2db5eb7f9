"""Takes milliseconds, and whatever else is a number, for a date."""

from collections.abc import Mapping
from typing import Any

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.seams import put_steps

FINDS = ("TIME-09", "TIME-10", "TIME-11")


def change(target: Assembly) -> None:
    """Check a far end as if it were a near one."""
    right = target.steps

    def check_types(claims: Mapping[str, Any]) -> None:
        end = claims.get("exp")
        far = isinstance(end, int | float) and end > 10**11
        right.check_types({**claims, "exp": 1} if far else claims)

    put_steps(target, check_types=check_types)
