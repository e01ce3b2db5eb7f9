"""Amounts: by how much a verifier says that a token came too late or too early. Pure.

Said in words ("expired 1200 milliseconds ago"), as Go writes durations ("expired by 1h2m3.5s"), or as two
moments, the token's and the verifier's.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from typing import Final

_UNITS: Final = {
    "h": 3600.0, "hour": 3600.0, "m": 60.0, "min": 60.0, "minute": 60.0, "s": 1.0, "sec": 1.0, "second": 1.0,
    "ms": 1e-3, "milli": 1e-3, "millisecond": 1e-3, "µs": 1e-6, "us": 1e-6, "ns": 1e-9,
}  # fmt: skip
_ONE: Final = (
    r"(?P<size>\d{1,15}(?:\.\d{1,12})?) ?(?P<unit>h|m|s|ms|µs|us|ns|(?:milli|sec|min|hour|millisecond|second|minute)s?)"
)
_UNIT_ENDS: Final = r"(?![A-Za-z])"
_GO: Final = r"(?:\d{1,9}h)?(?:\d{1,9}m)?\d{1,9}(?:\.\d{1,12})?s"
_BY: Final = re.compile(rf"\b(?:by|expired|early|late|ago) (?:(?P<go>{_GO}\b)|{_ONE}{_UNIT_ENDS})", re.IGNORECASE)
_AGO: Final = re.compile(rf"{_ONE}{_UNIT_ENDS} (?:ago|late|early|past|before|after|too)\b", re.IGNORECASE)
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)([hms])")

_CLAIMS: Final = re.compile(r'\{"[^{}]{0,1000}\}')
"""Claims that a verifier shows: their dates are no moments of its own."""
_EPOCH: Final = re.compile(r"(?<![\d.])[12]\d{9}(?:\.\d{1,9})?(?!\d)")
_ISO: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(Z|UTC|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_AMERICAN: Final = re.compile(r"\d{1,2}/\d{1,2}/\d{4} \d{1,2}:\d\d:\d\d [AP]M")


def amount_s(text: str) -> float | None:
    """Return the seconds by which a token was too late or too early, or None where the text does not say."""
    text = _CLAIMS.sub("", text)
    said = _BY.search(text) or _AGO.search(text)
    if said is not None:
        go = said.groupdict().get("go")
        return _go_duration_s(go) if go else float(said["size"]) * _unit_s(said["unit"])
    return _between_moments_s(text)


def _unit_s(unit: str) -> float:
    unit = unit.lower()
    return _UNITS[unit if unit in _UNITS else unit.rstrip("s")]


def _go_duration_s(text: str) -> float:
    return sum(float(size) * _UNITS[unit] for size, unit in _PART.findall(text))


def _between_moments_s(text: str) -> float | None:
    """Return what lies between the first two moments that a text names in one notation."""
    for notation, read in _NOTATIONS:
        found = list(islice(notation.finditer(text), 2))
        moments = [moment for one in found if (moment := read(one)) is not None]
        if len(moments) == 2:
            return abs(moments[0] - moments[1])
    return None


def _epoch_s(found: re.Match[str]) -> float:
    return float(found.group())


def _iso_s(found: re.Match[str]) -> float | None:
    day, hour, fraction, zone = found.groups()
    offset = zone if zone and zone[0] in "+-" else "+00:00"
    try:
        return datetime.fromisoformat(f"{day}T{hour}.{(fraction or '0')[:6]:0<6}{offset}").timestamp()
    except ValueError:
        return None


def _american_s(found: re.Match[str]) -> float | None:
    try:
        return datetime.strptime(found.group(), "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


_NOTATIONS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], float | None]], ...]] = (
    (_EPOCH, _epoch_s),
    (_ISO, _iso_s),
    (_AMERICAN, _american_s),
)
