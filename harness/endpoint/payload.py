"""Payloads: the messages of a call, made from a JSON template and checked before any load."""

import difflib
import re
from collections.abc import Sequence
from typing import Any

from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message

from harness.endpoint import bytes_fields
from harness.endpoint.filling import filled, require_complete
from harness.endpoint.methods import Method
from harness.endpoint.rows import Row
from harness.endpoint.template import ROW, Moment, compile_template
from harness.errors import UsageError

_NO_FIELD = re.compile(r'Message type "([^"]+)" has no field named "([^"]*)"(?: at "([^"]+)")?')
_MISFIT = re.compile(r"Failed to parse (\S+) field: (.*)", re.DOTALL)


class Payload:
    """What one method is called with.

    ``data`` is a JSON object, or a list of them for a method that takes a stream (one object is a
    stream of one); an empty object gets the fields that proto2 requires, with their defaults. Raises
    `UsageError` in one line that names the field that does not fit, or the row of ``rows`` with which
    it does not.
    """

    def __init__(
        self, method: Method, pool: DescriptorPool, data: Any, rows: Sequence[Row] = (), seed: int = 1
    ) -> None:
        self.method = method
        self._pool = pool
        self._rows = rows
        self._seed = seed
        self._template = compile_template(self._messages(data))
        self._columns = self._template.starting(ROW)
        self._check_columns()
        self._check()
        self._ready = self._build(0) if self._template.fixed else None

    def request(self, call_id: int) -> Message | list[Message]:
        """Return a call's message, or the list of them; the same one again where nothing is filled in."""
        messages = self._ready or self._build(call_id)
        return messages if self.method.takes_many else messages[0]

    def packed(self) -> bytes | None:
        """Return the one message of every call, on the wire; None where calls are streams, or each has its own."""
        if self._ready is None or self.method.kind != "unary":
            return None
        return self._ready[0].SerializeToString()

    def _messages(self, data: Any) -> list[Any]:
        path = self.method.path.lstrip("/")
        if not self.method.takes_many and not isinstance(data, dict):
            hint = "; it takes one message, not a stream" if isinstance(data, list) else ""
            raise UsageError(f"{path}: data is no JSON object{hint}; write '{{\"field\": value}}'")
        messages = data if isinstance(data, list) else [data]
        if not all(isinstance(message, dict) for message in messages):
            raise UsageError(f"{path}: data is no list of JSON objects; write '[{{\"field\": value}}, …]'")
        return messages

    def _build(self, call_id: int) -> list[Message]:
        return [self._parse(message) for message in self._filled(call_id)]

    def _filled(self, call_id: int) -> list[dict[str, Any]]:
        row = self._rows[call_id % len(self._rows)] if self._rows else None
        filled: list[dict[str, Any]] = self._template.fill(Moment(call_id, self._seed, row))
        return filled

    def _parse(self, data: dict[str, Any]) -> Message:
        message: Message = json_format.ParseDict(data, self.method.request(), descriptor_pool=self._pool)
        return message if data else filled(message, self.method)

    def _check_columns(self) -> None:
        columns = sorted(self._columns)
        if columns and not self._rows:
            raise UsageError(f"data reads {{{{row.{columns[0]}}}}}, and there are no rows; give --rows FILE (rows=)")
        for number, row in enumerate(self._rows, start=1):
            for column in columns:
                if column not in row:
                    raise UsageError(f"row {number} has no column {column!r}; it has {', '.join(map(str, row))}")

    def _misfit(self, error: Exception) -> str:
        return self._template.hiding(misfit(error, self._pool))

    def _check(self) -> None:
        for call_id in range(max(len(self._rows), 1) if self._columns else 1):
            where = f" with row {call_id + 1}" if self._columns else ""
            for data in self._filled(call_id):
                for wrong in bytes_fields.mistakes(data, self.method.request.DESCRIPTOR):
                    raise UsageError(f"{self.method.path.lstrip('/')}{where}: {wrong}")
            try:
                messages = self._build(call_id)
            except (json_format.ParseError, TypeError, ValueError) as error:
                raise UsageError(f"{self.method.path.lstrip('/')}{where}: {self._misfit(error)}") from None
            for message in messages:
                require_complete(message, f"{self.method.path.lstrip('/')}{where}")


def misfit(error: Exception, pool: DescriptorPool) -> str:
    """Return the JSON library's sentence on a misfit in one line: the field first, and a way out."""
    text = str(error)
    if found := _NO_FIELD.search(text):
        kind, field, where = found.groups()
        place = (where or "").partition(".")[2]
        return f"no field {f'{place}.{field}' if place else field!r} in {kind}; {_near(kind, field, pool)}"
    places = []
    while found := _MISFIT.match(text):
        place, text = found.groups()
        places.append(place)
    first = text.split("\n", maxsplit=1)[0].rstrip(".")[:200]
    if places:
        return f"field {'.'.join(places)}: {first}"
    return f"{first}; write an object with the message's fields, each of its field's type"


def _near(kind: str, field: str, pool: DescriptorPool) -> str:
    try:
        fields = [found.name for found in pool.FindMessageTypeByName(kind).fields]
    except KeyError:
        fields = []
    if near := difflib.get_close_matches(field, fields, n=1):
        return f"did you mean {near[0]!r}?"
    return f"it has {', '.join(fields)}" if fields else "it has no fields; drop it"
