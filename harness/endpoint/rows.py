"""Rows: a CSV or NDJSON file that placeholders read, one row a call, in turn."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from harness.errors import UsageError

Row = Mapping[str, Any]


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a file: one JSON object a line where it ends in ``.ndjson`` or ``.jsonl``, CSV with a header else.

    Raises `UsageError` that names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError(f"rows {path}: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"rows {path} is no UTF-8 text; convert it, or name another file") from error
    lines = text.splitlines()
    rows = tuple(_objects(path, lines) if path.suffix in {".ndjson", ".jsonl"} else _cells(path, lines))
    if not rows:
        raise UsageError(f"rows {path} holds no row; give a CSV file with a header, or NDJSON (.ndjson)")
    return rows


def _objects(path: Path, lines: Iterable[str]) -> Iterable[Row]:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UsageError(f"rows {path}, line {number}: no JSON ({error}); write one object a line") from error
        if not isinstance(row, dict):
            raise UsageError(f"rows {path}, line {number}: no JSON object; write one object a line")
        yield row


def _cells(path: Path, lines: list[str]) -> Iterable[Row]:
    reader = csv.DictReader(lines, strict=True)
    try:
        for row in reader:
            if None in row or None in row.values():
                raise UsageError(f"rows {path}, line {reader.line_num}: its cells are not those of the header")
            yield row
    except csv.Error as error:
        raise UsageError(f"rows {path}, line {reader.line_num}: no CSV ({error})") from error
