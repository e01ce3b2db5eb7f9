"""Sentences about settings that cannot be: shared by every part that lists its own mistakes."""

import math


def positive(what: str, **values: float) -> list[str]:
    """Return one sentence for each value that is not a finite number above 0."""
    return [
        f"{what}: {name}={value!r} must be above 0"
        for name, value in values.items()
        if not _finite(value) or value <= 0
    ]


def not_negative(what: str, **values: float) -> list[str]:
    """Return one sentence for each value that is not a finite number of 0 or more."""
    return [
        f"{what}: {name}={value!r} must be 0 or more"
        for name, value in values.items()
        if not _finite(value) or value < 0
    ]


def whole(what: str, least: int, **values: int) -> list[str]:
    """Return one sentence for each value that is not a whole number of ``least`` or more."""
    return [
        f"{what}: {name}={value!r} must be a whole number of {least} or more"
        for name, value in values.items()
        if not isinstance(value, int) or isinstance(value, bool) or value < least
    ]


def not_zero(what: str, **values: float) -> list[str]:
    """Return one sentence for each value that is 0 or no finite number."""
    return [
        f"{what}: {name}={value!r} must be a number other than 0"
        for name, value in values.items()
        if not _finite(value) or value == 0
    ]


def one_of(what: str, name: str, value: str, known: tuple[str, ...]) -> list[str]:
    """Return a sentence where a word is not among those known."""
    return [] if value in known else [f"{what}: {name}={value!r} is unknown; give one of {', '.join(known)}"]


def _finite(value: float) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
