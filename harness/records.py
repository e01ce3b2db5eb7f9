"""Records: typed objects as plain data and back, for files and messages, by one library.

A record is a dataclass or a `msgspec.Struct`. What is read is checked against its types: a number that is a text, a
missing field or an unknown word is refused in one sentence. A field that a newer build added is left out, but where
the record is what somebody *wants* (`settings_of`): there a name that means nothing is a mistake.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from types import UnionType
from typing import Any, TypeVar, overload

import msgspec

from harness.errors import RecordError, UsageError

Record = TypeVar("Record")

_BINARY = (bytes,)
"""Types that stay as they are, beside those of JSON."""


def plain(record: Any) -> Any:
    """Return a record as dicts, lists, texts and numbers, fields in their order."""
    return msgspec.to_builtins(record, builtin_types=_BINARY, enc_hook=_plain)


def _plain(value: Any) -> Any:
    """Return what the library does not know: numpy's floats, paths, mappings that are no dicts."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
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
    return msgspec.convert(data, kind, builtin_types=_BINARY, dec_hook=_read)


def _read(kind: type[Any], value: Any) -> Any:
    """Return what the library cannot make: paths."""
    if issubclass(kind, Path) and isinstance(value, str):
        return kind(value)
    raise ValueError(f"Expected `{kind.__name__}`, got `{type(value).__name__}`")


def settings_of(data: Any, kind: type[Record], whose: str) -> Record:
    """Return the settings that plain data holds, of what is named ``whose``.

    Raises `UsageError` for data that is no such record, and for a name that it does not have, at any depth.
    """
    try:
        _refuse_strangers(data, {field.name: None for field in fields(kind)})  # type: ignore[arg-type]
        found = record_of(data, kind)
        _refuse_strangers(data, plain(found))
    except ValueError as error:
        raise UsageError(f"{whose}: {error}") from error
    return found


def _refuse_strangers(data: Any, known: Any, place: str = "$") -> None:
    """Raise `ValueError` for a name in the data beside the known ones, which are those of the record made of it."""
    if isinstance(data, Mapping) and isinstance(known, Mapping):
        for name, value in data.items():
            if name not in known:
                where = "" if place == "$" else f" at `{place}`"
                raise ValueError(f"there is no setting {name!r}{where}; known are {', '.join(sorted(known))}")
            _refuse_strangers(value, known[name], f"{place}.{name}")
    elif isinstance(data, list | tuple) and isinstance(known, list | tuple):
        for number, (one, taken) in enumerate(zip(data, known, strict=True)):
            _refuse_strangers(one, taken, f"{place}[{number}]")


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
