"""Rows: a CSV or NDJSON file that placeholders read, one row a call, in turn."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.endpoint.json_text import json_of
from harness.errors import UsageError
from harness.foreign_files import NotTextError, read_bytes, text_of

Row = Mapping[str, Any]
MOST_BYTES = 1 << 30


def read_rows(path: Path) -> tuple[Row, ...]:
    """Read a file: one JSON object a line where it ends in ``.ndjson`` or ``.jsonl``, CSV with a header else.

    A line of JSON ends with a newline alone, a cell of CSV may hold line breaks in its quotes (RFC 4180). Raises
    `UsageError` that names the line.
    """
    try:
        text = text_of(read_bytes(path, MOST_BYTES))
    except OSError as error:
        raise UsageError(f"rows {path}: {error.strerror}; check the path") from error
    except NotTextError as error:
        raise UsageError(f"rows {path}: {error}; save it as UTF-8, or name another file") from error
    rows = tuple(_objects(path, text) if path.suffix in {".ndjson", ".jsonl"} else _cells(path, text))
    if not rows:
        raise UsageError(f"rows {path} holds no row; give a CSV file with a header, or NDJSON (.ndjson)")
    return rows


def _objects(path: Path, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = json_of(f"rows {path}, line {number}", line, "write one object a line")
        if not isinstance(row, dict):
            raise UsageError(f"rows {path}, line {number}: no JSON object; write one object a line")
        yield row


def _cells(path: Path, text: str) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _require_columns(path, reader.fieldnames or ())
        for row in reader:
            if None in row or None in row.values():
                columns = len(reader.fieldnames or ())
                where = f"rows {path}, line {reader.line_num}"
                raise UsageError(f"{where}: it has not the {columns} cells of the header; put commas in quotes")
            yield row
    except csv.Error as error:
        where = f"rows {path}, line {reader.line_num + 1}"
        raise UsageError(f"{where}: no CSV ({error}); double the quotes within quotes, or write NDJSON") from error


def _require_columns(path: Path, columns: Sequence[str]) -> None:
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise UsageError(f"rows {path}: the column {twice!r} stands twice in its header; rename one of the two")
