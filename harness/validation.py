"""Sentences about settings that cannot be: shared by every part that lists its own mistakes."""

import math
from collections.abc import Sequence


def positive(what: str, **values: float) -> list[str]:
    """Return one sentence for each value that is not a finite number above 0."""
    return [
        f"{what}: {name}={value!r} must be above 0"
        for name, value in values.items()
        if not is_number(value) or value <= 0
    ]


def not_negative(what: str, **values: float) -> list[str]:
    """Return one sentence for each value that is not a finite number of 0 or more."""
    return [
        f"{what}: {name}={value!r} must be 0 or more"
        for name, value in values.items()
        if not is_number(value) or value < 0
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
        if not is_number(value) or value == 0
    ]


def one_of(what: str, name: str, value: str, known: tuple[str, ...]) -> list[str]:
    """Return a sentence where a word is not among those known."""
    return [] if value in known else [f"{what}: {name}={value!r} is unknown; give one of {', '.join(known)}"]


def of_kind(what: str, kind: type, way_out: str, **values: object) -> list[str]:
    """Return one sentence for each value that is not of a kind; ``way_out`` says what to write instead."""
    return [
        f"{what}: {name}={value!r} is {_named(value)}; {way_out}"
        for name, value in values.items()
        if not isinstance(value, kind)
    ]


def list_of(what: str, kind: type, way_out: str, values: object) -> list[str]:
    """Return one sentence for each entry of a list that is not of a kind, or one where it is no list at all."""
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        return [f"{what}={values!r} is {_named(values)}; give a list: {what}=[{way_out}]"]
    return [
        f"{what}: entry {place} is {value!r}, {_named(value)}; write {way_out}"
        for place, value in enumerate(values, start=1)
        if not isinstance(value, kind)
    ]


def is_number(value: object) -> bool:
    """Tell whether a setting is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _named(value: object) -> str:
    if isinstance(value, type):
        return "a class, not one of it (are its parentheses missing?)"
    return "None" if value is None else f"of type {type(value).__name__}"
