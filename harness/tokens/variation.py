"""Variations: the same tokens under other refresh policies, to be compared.

A variation is written ``refresh=reactive,single_flight=false``: settings of `Tokens` that differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from harness.errors import UsageError
from harness.tokens.refresh import Tokens

_WORDS = {"true": True, "false": False}


@dataclass(frozen=True)
class Variation:
    """One policy: a name for people, and the settings in which it differs from the scenario's."""

    name: str
    changes: Mapping[str, Any]

    @property
    def slug(self) -> str:
        """Return the name as a build label: ``jittered-margin-alone``."""
        return self.name.replace(",", "").replace(" ", "-")

    def text(self) -> str:
        """Return the changes as `parse` reads them."""
        return ",".join(f"{name}={str(value).lower()}" for name, value in self.changes.items())


def parse(text: str) -> dict[str, Any]:
    """Return the settings that a text changes; raises `UsageError` that names the wrong one."""
    changes: dict[str, Any] = {}
    kinds = {field.name: field.type for field in fields(Tokens)}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in kinds:
            raise UsageError(f"tokens: setting {name!r} is unknown; known are {', '.join(kinds)}")
        if not equals:
            raise UsageError(f"tokens: {name} has no value; write {name}=VALUE")
        changes[name] = _value(name, value, kinds[name])
    return changes


def vary(tokens: Tokens, text: str) -> Tokens:
    """Return tokens with a text's changes; the caller looks for mistakes in them."""
    return replace(tokens, **parse(text))


def policies(tokens: Tokens) -> tuple[Variation, ...]:
    """Return the policies worth comparing for a scenario's tokens.

    Reactive, a fixed margin, a jittered margin (spread over as much again), and the same in the
    background; each with one renewal for all callers of a token and, where callers share one, with
    every caller for itself.
    """
    margin = {"before_s": tokens.before_s}
    jitter_s = tokens.jitter_s or tokens.before_s
    kinds: dict[str, dict[str, Any]] = {
        "reactive": {"refresh": "reactive"},
        "fixed margin": {"refresh": "proactive", **margin, "jitter_s": 0.0},
        "jittered margin": {"refresh": "proactive", **margin, "jitter_s": jitter_s},
        "background": {"refresh": "background", **margin, "jitter_s": jitter_s},
    }
    found = [Variation(name, {**changes, "single_flight": True}) for name, changes in kinds.items()]
    if tokens.callers > 1:
        found += [Variation(f"{name}, alone", {**changes, "single_flight": False}) for name, changes in kinds.items()]
    return tuple(found)


def _value(name: str, value: str, kind: Any) -> Any:
    if kind in (bool, "bool"):
        if value.lower() not in _WORDS:
            raise UsageError(f"tokens: {name}={value!r} is neither true nor false")
        return _WORDS[value.lower()]
    if kind in (str, "str"):
        return value
    try:
        return int(value) if kind in (int, "int") else float(value)
    except ValueError:
        raise UsageError(f"tokens: {name}={value!r} is no number") from None
