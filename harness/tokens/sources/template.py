"""Templates in claims and requests: texts with ``{user}``, ``{sequence}`` or ``{uuid}`` in them.

``{user}`` is who holds the token, the same at each of its renewals; ``{sequence}`` counts the
fetches of one worker; ``{uuid}`` is new at each fetch. Braces that are meant stand twice: ``{{``.
"""

import string
import uuid
from collections.abc import Callable, Mapping
from typing import Any

NAMES = ("user", "sequence", "uuid")
"""What a template may name."""


def mistakes(what: str, value: Any) -> list[str]:
    """Return what is wrong with the texts in a value, however deep, one sentence each."""
    found = []
    for text in _texts(value):
        try:
            used = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
        except ValueError as error:
            found.append(f"{what}: {text!r} is no template ({error}); write a brace that is meant twice")
            continue
        found += [
            f"{what}: {{{name}}} is unknown; give one of {', '.join(f'{{{known}}}' for known in NAMES)}, "
            "or write a brace that is meant twice"
            for name in sorted(used - set(NAMES))
        ]
    return found


def fill(value: Any, user: str, sequence: int) -> Any:
    """Return a value with all its texts filled in."""
    names = {"user": user, "sequence": str(sequence), "uuid": str(uuid.uuid4())}
    return _mapped(value, lambda text: text.format_map(names))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(inner, change) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(inner, change) for inner in value]
    return value


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Mapping):
        value = list(value.values())
    return [text for inner in value for text in _texts(inner)] if isinstance(value, list | tuple) else []
