"""Fields of bytes in JSON: their text must be base64, which protobuf's own reader does not look at.

It drops what base64 does not have, and sends what is left. Source: protobuf.dev, ProtoJSON format: standard or
URL-safe base64, with or without padding.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor

_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{4})*(?:[A-Za-z0-9+/_-]{2}(?:==)?|[A-Za-z0-9+/_-]{3}=?)?")
_WRAPPER = "google.protobuf.BytesValue"


def mistakes(data: Any, kind: Any, where: str = "") -> Iterator[str]:
    """Yield a sentence for each text that is no base64 in a field of bytes of a message's descriptor, with its place.

    The text itself is not quoted.
    """
    if kind.full_name == _WRAPPER:
        yield from _of_text(data, where)
    if not isinstance(data, Mapping) or kind.full_name.startswith("google.protobuf."):
        return
    for name, value in data.items():
        field = kind.fields_by_camelcase_name.get(name) or kind.fields_by_name.get(name) or _by_json_name(kind, name)
        if field is not None:
            yield from _of_field(value, field, f"{where}.{name}" if where else str(name))


def _of_field(value: Any, field: FieldDescriptor, where: str) -> Iterator[str]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        entry = inner.fields_by_name["value"]
        for key, each in value.items() if isinstance(value, Mapping) else ():
            yield from _of_field(each, entry, f"{where}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _of_field(each, field, f"{where}[{number}]")
    elif inner is not None:
        yield from mistakes(value, inner, where)
    elif field.type == FieldDescriptor.TYPE_BYTES:
        yield from _of_text(value, where)


def _of_text(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, str) and not _BASE64.fullmatch(value):
        yield f"field {where}: its text is no base64, which a field of bytes takes; encode it (base64 -w0)"


def _by_json_name(kind: Any, name: Any) -> FieldDescriptor | None:
    return next((field for field in kind.fields if field.json_name == name), None)
