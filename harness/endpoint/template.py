"""Templates: JSON with placeholders (`harness.placeholders`), filled in anew for each call.

``{{seq}}`` is the call's number, ``{{seq 1000}}`` counts from there; ``{{random 1 6}}`` a whole number
between two (a decimal one, where a bound has a point); ``{{choice red green}}`` one of some words;
``{{uuid}}`` a random UUID; ``{{now}}`` the time (RFC 3339, or a number with ``{{now s}}``, ``ms`` or
``ns``); ``{{row.name}}`` a column of the row whose turn it is. What is filled in is text, and protobuf's JSON
takes a number in quotes for any field of a number; a lone ``{{row.name}}`` keeps the kind that the
row gave it. Keys of maps are filled in as well. But for the time, all depends on the seed and the call's number alone.
"""

import math
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness import clock
from harness.placeholders import Filler, Language, PlaceholderKind, Template

ROW = "row."
_PER_S = {"s": 1, "ms": 1_000, "ns": 1_000_000_000}


@dataclass
class Moment:
    """What the placeholders of one call draw from."""

    call_id: int
    seed: int
    row: Mapping[str, Any] | None = None
    purpose: str = "data"
    """What is filled in: data and metadata of one call draw apart."""

    @cached_property
    def dice(self) -> random.Random:
        """Return the call's own dice."""
        return random.Random(f"{self.seed}/{self.purpose}/{self.call_id}")


def compile_template(data: Any, what: str = "data") -> Template:
    """Return the template of a JSON value; raises `UsageError` with the place of a placeholder that cannot be."""
    return CALLS.compile(data, what)


def _sequence(start: str = "0") -> Filler:
    first = int(start)
    return lambda moment: str(first + moment.call_id)


def _random(low: str, high: str) -> Filler:
    if "." in low + high:
        bounds = float(low), float(high)
        if not -math.inf < bounds[0] <= bounds[1] < math.inf:
            raise ValueError
        return lambda moment: str(moment.dice.uniform(*bounds))
    least, most = int(low), int(high)
    if least > most:
        raise ValueError
    return lambda moment: str(moment.dice.randint(least, most))


def _choice(first: str, *others: str) -> Filler:
    words = (first, *others)
    return lambda moment: moment.dice.choice(words)


def _uuid() -> Filler:
    return lambda moment: str(uuid.UUID(int=moment.dice.getrandbits(128), version=4))


def _now(unit: str = "") -> Filler:
    if not unit:
        return lambda _: clock.utc_now().isoformat().replace("+00:00", "Z")
    if unit not in _PER_S:
        raise ValueError
    per_s = _PER_S[unit]
    return lambda _: str(int(clock.wall() * per_s))


def _row(column: str) -> Filler:
    if not column:
        raise ValueError
    return lambda moment: (moment.row or {})[column]


CALLS = Language(
    {
        "seq": PlaceholderKind(_sequence, "{{seq}} or {{seq 1000}}"),
        "random": PlaceholderKind(_random, "{{random 1 6}}"),
        "choice": PlaceholderKind(_choice, "{{choice red green}}"),
        "uuid": PlaceholderKind(_uuid, "{{uuid}}"),
        "now": PlaceholderKind(_now, "{{now}}, {{now s}}, {{now ms}} or {{now ns}}"),
        ROW: PlaceholderKind(_row, "{{row.COLUMN}}"),
    }
)
"""What may stand in the data and the metadata of calls."""
