"""Templates: JSON with placeholders, filled in anew for each call.

``{{seq}}`` is the call's number, ``{{seq 1000}}`` counts from there; ``{{random 1 6}}`` a whole number
between two (a decimal one, where a bound has a point); ``{{choice red green}}`` one of some words;
``{{uuid}}`` a random UUID; ``{{now}}`` the time (RFC 3339, or a number with ``{{now s}}``, ``ms`` or
``ns``); ``{{row.name}}`` a column of the row whose turn it is. What is filled in is text, and protobuf's JSON
takes a number in quotes for any field of a number; a lone ``{{row.name}}`` keeps the kind that the
row gave it. But for the time, all depends on the seed and the call's number alone.
"""

import difflib
import random
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from harness import clock
from harness.errors import UsageError

_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}")
_PER_S = {"s": 1, "ms": 1_000, "ns": 1_000_000_000}


@dataclass
class Moment:
    """What the placeholders of one call draw from."""

    call_id: int
    seed: int
    row: Mapping[str, Any] | None = None

    @cached_property
    def dice(self) -> random.Random:
        """Return the call's own dice."""
        return random.Random(f"{self.seed}/data/{self.call_id}")


Filler = Callable[[Moment], Any]


@dataclass(frozen=True)
class Template:
    """A JSON value, compiled; ``fixed`` when it holds no placeholder, ``columns`` those it reads of a row."""

    fill: Filler
    fixed: bool
    columns: frozenset[str]


def compile_template(data: Any) -> Template:
    """Return the template of a JSON value.

    Raises `UsageError` that names the place of a placeholder that cannot be.
    """
    columns: set[str] = set()
    filled = _compile(data, "", columns)
    if filled is None:
        return Template(lambda _: data, fixed=True, columns=frozenset())
    return Template(filled, fixed=False, columns=frozenset(columns))


def _compile(data: Any, where: str, columns: set[str]) -> Filler | None:
    """Return what fills a value in; None where there is nothing to fill."""
    if isinstance(data, str):
        return _compile_text(data, where or "the top", columns)
    if isinstance(data, dict):
        return _compile_items({key: _compile(value, _below(where, key), columns) for key, value in data.items()}, data)
    if isinstance(data, list):
        parts = [_compile(value, f"{where}[{place}]", columns) for place, value in enumerate(data)]
        if not any(parts):
            return None
        return lambda moment: [part(moment) if part else data[place] for place, part in enumerate(parts)]
    return None


def _compile_items(parts: Mapping[str, Filler | None], data: Mapping[str, Any]) -> Filler | None:
    if not any(parts.values()):
        return None
    return lambda moment: {key: part(moment) if part else data[key] for key, part in parts.items()}


def _below(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _compile_text(text: str, where: str, columns: set[str]) -> Filler | None:
    pieces = _PLACEHOLDER.split(text)  # text, placeholder, text, placeholder, …, text
    if len(pieces) == 1:
        return None
    fillers = [_placeholder(words, where, columns) for words in pieces[1::2]]
    if len(fillers) == 1 and pieces[0] == pieces[2] == "":
        return fillers[0]
    return partial(_join, pieces[::2], fillers)


def _join(texts: list[str], fillers: list[Filler], moment: Moment) -> str:
    filled = [str(filler(moment)) for filler in fillers]
    return texts[0] + "".join(value + text for value, text in zip(filled, texts[1:], strict=True))


def _placeholder(words: str, where: str, columns: set[str]) -> Filler:
    name, *arguments = words.split() or [""]
    if name.startswith("row."):
        column = name.removeprefix("row.")
        columns.add(column)
        return lambda moment: (moment.row or {})[column]
    make = _KINDS.get(name)
    if make is None:
        near = difflib.get_close_matches(name, _KINDS, n=1)
        hint = f"did you mean {{{{{near[0]}}}}}?" if near else f"give one of {', '.join(_KINDS)}, row.COLUMN"
        raise UsageError(f"data at {where}: {{{{{words}}}}} is unknown; {hint}")
    try:
        return make(*arguments)
    except (TypeError, ValueError) as error:
        raise UsageError(f"data at {where}: {{{{{words}}}}} does not fit; write {_EXAMPLES[name]}") from error


def _sequence(start: str = "0") -> Filler:
    first = int(start)
    return lambda moment: str(first + moment.call_id)


def _random(low: str, high: str) -> Filler:
    if "." in low + high:
        bounds = float(low), float(high)
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


_KINDS: Mapping[str, Callable[..., Filler]] = {
    "seq": _sequence,
    "random": _random,
    "choice": _choice,
    "uuid": _uuid,
    "now": _now,
}
_EXAMPLES = {
    "seq": "{{seq}} or {{seq 1000}}",
    "random": "{{random 1 6}}",
    "choice": "{{choice red green}}",
    "uuid": "{{uuid}}",
    "now": "{{now}}, {{now s}}, {{now ms}} or {{now ns}}",
}
