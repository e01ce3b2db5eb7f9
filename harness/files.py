"""Files: written whole or not at all, folders that begin at one second, and files of one JSON object a line."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from harness.errors import RecordError

MOST_A_SECOND = 100
"""Folders of one name that may begin in one second."""


@contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """Yield a temporary file beside ``path``, which takes its place when all of it is written.

    Raises `RecordError` when the disk refuses; an old file is whole then.
    """
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise RecordError(f"cannot write {path}: {error.strerror}; free some space") from error


def write_whole(path: Path, text: str) -> Path:
    """Write a text file whole or not at all, and return where it is; raises `RecordError`."""
    with replaced(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return path


def write_json(path: Path, data: Any) -> Path:
    """Write a JSON file whole or not at all, and return where it is.

    Raises `RecordError` when the disk refuses, `ValueError` for a number that JSON does not have.
    """
    return write_whole(path, json.dumps(data, indent=1, allow_nan=False) + "\n")


def new_folder(parent: Path, stamp: str) -> Path:
    """Make a folder that is called ``stamp``, or the like where that is taken; raises `OSError`."""
    for attempt in range(MOST_A_SECOND):
        path = parent / (stamp if attempt == 0 else f"{stamp}-{attempt + 1}")
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            continue
        return path
    raise FileExistsError(17, f"{MOST_A_SECOND} of them began in one second", str(parent))


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a file that holds one JSON object a line; nothing where the file is missing.

    A line that is cut short, as the last one is after a crash, is left out.
    """
    return (found for line in _lines(path) if (found := _object(line)) is not None)


def cut_lines(path: Path) -> str | None:
    """Say how many lines of such a file were cut short, or None: what they said is not known."""
    count = sum(bool(line.strip()) and _json(line) is None for line in _lines(path))
    return f"{path.name}: {count} line{'s' * (count > 1)} cut short, left out" if count else None


def _lines(path: Path) -> Iterator[str]:
    if path.exists():
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield from lines


def _object(line: str) -> dict[str, Any] | None:
    value = _json(line)
    return value[0] if value is not None and isinstance(value[0], dict) else None


def _json(line: str) -> tuple[Any] | None:
    try:
        return (json.loads(line),)
    except ValueError:
        return None
