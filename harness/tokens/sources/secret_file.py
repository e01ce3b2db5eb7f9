"""Secrets in files: a client's, or a refresh token, alone or as a member of the JSON that an issuer hands out."""

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.foreign_files import NotTextError, read_bytes, text_of

_AROUND = " \t\r\n\ufeff\u200b\u00a0"
_MOST_BYTES = 100_000
_MOST_DEEP = 6


def read_secret(what: str, path: Path, members: Collection[str], way_out: str) -> str:
    """Return the secret in a file; ``members`` are the names that it has in JSON, without underscores.

    Raises `UsageError`, which says ``what`` cannot be read and quotes nothing of it.
    """
    try:
        text = text_of(read_bytes(path, _MOST_BYTES)).strip(_AROUND)
    except OSError as error:
        raise UsageError(f"{what} {path} cannot be read: {error.strerror}; {way_out}") from error
    except NotTextError as error:
        raise UsageError(f"{what} {path} is no text ({error}); {way_out}") from None
    if text.startswith("{"):
        text = _member(what, path, text, members, way_out)
    if not text:
        raise UsageError(f"{what} {path} is empty; {way_out}")
    if (lines := len(text.splitlines())) > 1:
        raise UsageError(f"{what} {path} holds {lines} lines, and a secret is one; {way_out}")
    return text


def _member(what: str, path: Path, text: str, members: Collection[str], way_out: str) -> str:
    try:
        found = {value.strip(_AROUND) for value in _values(json.loads(text), members, 0)}
    except (ValueError, RecursionError):
        return text  # a secret may begin with a brace
    if len(found) != 1:
        raise UsageError(f"{what} {path} is JSON with {len(found)} of {', '.join(sorted(members))}; {way_out}")
    return found.pop()


def _values(value: Any, members: Collection[str], depth: int) -> Iterator[str]:
    if depth > _MOST_DEEP:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _values(inner, members, depth + 1)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and name.lower().replace("_", "") in members:
                yield inner
            else:
                yield from _values(inner, members, depth + 1)
