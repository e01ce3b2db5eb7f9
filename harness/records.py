"""Records: typed objects as plain data and back, for files and messages, by one library.

A record is a dataclass or a `msgspec.Struct`. What is read is checked against its types: a number that is a text, a
missing field or an unknown word is refused in one sentence; a field that a newer build added is left out.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, overload

import msgspec

from harness.errors import RecordError

Record = TypeVar("Record")

_BINARY = (bytes,)
"""Types that stay as they are, beside those of JSON."""


def plain(record: Any) -> Any:
    """Return a record as dicts, lists, texts and numbers, fields in their order."""
    return msgspec.to_builtins(record, builtin_types=_BINARY, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """Return what the library does not know: numpy's floats, mappings that are no dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    for kind in (float, int, str):
        if isinstance(value, kind):
            return kind(value)
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


@overload
def record_of(data: Any, kind: type[Record]) -> Record: ...
@overload
def record_of(data: Any, kind: UnionType) -> Any: ...


def record_of(data: Any, kind: Any) -> Any:
    """Return the record that `plain` data holds.

    Raises `ValueError` that says what is wrong, and where, for data that is no such record.
    """
    return msgspec.convert(data, kind, builtin_types=_BINARY)


def read_record(path: Path, kind: type[Record], schema: int, way_out: str) -> Record:
    """Read a file that holds one record as JSON, with its version as ``schema``.

    Raises `FileNotFoundError`, and `RecordError` for anything else that is no such file, with the way out.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"{path} cannot be read ({error}); {way_out}") from error
    if not isinstance(data, dict):
        raise RecordError(f"{path} holds no object; {way_out}")
    if data.get("schema") != schema:
        raise RecordError(f"{path} has schema {data.get('schema')}, this build reads {schema}; {way_out}")
    try:
        return record_of(data, kind)
    except ValueError as error:
        raise RecordError(f"{path} is not whole ({error}); {way_out}") from error
