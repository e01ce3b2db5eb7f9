"""JSON objects as a verifier must read them: one meaning, or none at all.

Python's parser alone takes duplicate names (the last wins), ``NaN``, and ``1e400`` (infinity):
each has let a token live for ever in some library. Source: RFC 8259; RFC 7519, section 4.
"""

import json
import math
from typing import Any


def read_object(data: bytes) -> dict[str, Any]:
    """Return the object that UTF-8 bytes hold; raises ValueError for anything else."""
    try:
        value = json.loads(
            data.decode("utf-8"), object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(value, dict):
        raise ValueError("not an object")  # noqa: TRY004 - a wrong value of foreign input, not of ours
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
