"""Sentences about the settings of token sources, each with its way out."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


def url(what: str, **values: Any) -> list[str]:
    """Return one sentence for each value that is no HTTP address, or that holds credentials."""
    found = []
    for name, value in values.items():
        if not isinstance(value, str):
            found.append(f"{what}: {name}={value!r} is no text; give http://… or https://…")
            continue
        if "@" in value:  # user:password@host, which is not repeated here
            found.append(f"{what}: {name} holds credentials; name them in their own settings")
        elif not _is_http(value):
            found.append(f"{what}: {name}={value!r} is no HTTP address; give http://… or https://…")
    return found


def _is_http(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def filled(what: str, **values: Any) -> list[str]:
    """Return one sentence for each value that is no text, or empty."""
    return [
        f"{what}: {name}={value!r} must be a text, and not an empty one"
        for name, value in values.items()
        if not isinstance(value, str) or not value.strip()
    ]


def text(what: str, **values: Any) -> list[str]:
    """Return one sentence for each value that is no text; empty is allowed."""
    return [f"{what}: {name}={value!r} must be a text" for name, value in values.items() if not isinstance(value, str)]


def variable(what: str, **names: Any) -> list[str]:
    """Return one sentence for each name of an environment variable that is unset or empty."""
    found = filled(what, **names)
    if found:
        return found
    return [
        f"{what}: {name} names the environment variable {variable}, which is not set; set it before you start"
        for name, variable in names.items()
        if not os.environ.get(variable)
    ]


def path(what: str, **values: Any) -> list[str]:
    """Return one sentence for each value that is no path of a file that can be read."""
    found = []
    for name, value in values.items():
        if not isinstance(value, str | Path) or not str(value):
            found.append(f"{what}: {name}={value!r} is no path; give that of a file")
        elif not Path(value).exists():
            found.append(f"{what}: {name}={str(value)!r} does not exist; give the path of a file")
        elif Path(value).is_fifo():
            found.append(f"{what}: {name}={str(value)!r} is a pipe, which ends after one reading; save it as a file")
        elif not Path(value).is_file() or not os.access(value, os.R_OK):
            found.append(
                f"{what}: {name}={str(value)!r} cannot be read; give the path of a file that this user may read"
            )
    return found


def mapping(what: str, **values: Any) -> list[str]:
    """Return one sentence for each value that is no mapping with texts as its keys."""
    return [
        f"{what}: {name}={type(value).__name__} must be a mapping of names to values"
        for name, value in values.items()
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value)
    ]
