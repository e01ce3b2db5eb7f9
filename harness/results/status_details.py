"""Status details: what a server says of a failure in a form for programs, beside its text. Pure.

It comes as a `google.rpc.Status` in the trailer ``grpc-status-details-bin``, with messages of error_details.proto in
it. The few that tell a cause are read by descriptors of our own, in a pool of their own: a user's stubs may bring
google/rpc files of any age along, and two versions of one do not fit into protobuf's default pool.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

KEY: Final = "grpc-status-details-bin"
LARGEST: Final = 65_536
"""Bytes of details that are read: servers keep trailers far smaller."""

_PACKAGE: Final = "google.rpc"
_STRING, _MESSAGE, _INT64, _INT32, _BYTES = 9, 11, 3, 5, 12
_MESSAGES: Final[dict[str, tuple[tuple[str, int, int, str, bool], ...]]] = {
    "Any": (("type_url", 1, _STRING, "", False), ("value", 2, _BYTES, "", False)),
    "Status": (
        ("code", 1, _INT32, "", False), ("message", 2, _STRING, "", False), ("details", 3, _MESSAGE, "Any", True),
    ),
    "ErrorInfo": (("reason", 1, _STRING, "", False), ("domain", 2, _STRING, "", False)),
    "Duration": (("seconds", 1, _INT64, "", False), ("nanos", 2, _INT32, "", False)),
    "RetryInfo": (("retry_delay", 1, _MESSAGE, "Duration", False),),
    "FieldViolation": (("field", 1, _STRING, "", False), ("description", 2, _STRING, "", False)),
    "BadRequest": (("field_violations", 1, _MESSAGE, "FieldViolation", True),),
}  # fmt: skip
"""Fields of the messages: name, number, type, message and whether repeated. Fields that tell no cause are left out.

Source: googleapis/googleapis google/rpc/status.proto, google/rpc/error_details.proto.
"""


@dataclass(frozen=True)
class StatusDetails:
    """What the details say.

    ``reason`` and ``domain`` are of ErrorInfo, ``retry_s`` is RetryInfo's delay, ``fields`` are those of BadRequest
    that the server refused, each with its description.
    """

    reason: str = ""
    domain: str = ""
    retry_s: float | None = None
    fields: tuple[tuple[str, str], ...] = ()


def parse(data: bytes) -> StatusDetails | None:
    """Return what the trailer's bytes say, or None where they are no such message."""
    from google.protobuf.message import DecodeError

    if len(data) > LARGEST:
        return None
    kinds = _kinds()
    try:
        packed = [(any_.type_url.rpartition("/")[2], any_.value) for any_ in kinds["Status"].FromString(data).details]
        found = {name: kinds[short].FromString(value) for name, value in packed if (short := _known(name)) is not None}
    except (DecodeError, UnicodeDecodeError):
        return None
    info, retry = found.get(f"{_PACKAGE}.ErrorInfo"), found.get(f"{_PACKAGE}.RetryInfo")
    bad = found.get(f"{_PACKAGE}.BadRequest")
    return StatusDetails(
        reason=info.reason if info else "",
        domain=info.domain if info else "",
        retry_s=retry.retry_delay.seconds + retry.retry_delay.nanos / 1e9 if retry else None,
        fields=tuple((one.field, one.description) for one in bad.field_violations) if bad else (),
    )


def _known(full_name: str) -> str | None:
    package, _, name = full_name.rpartition(".")
    return name if package == _PACKAGE and name in {"ErrorInfo", "RetryInfo", "BadRequest"} else None


@cache
def _kinds() -> dict[str, Any]:
    """Return the classes of the messages, by their short names."""
    from google.protobuf.descriptor_pb2 import FileDescriptorProto
    from google.protobuf.descriptor_pool import DescriptorPool
    from google.protobuf.message_factory import GetMessageClass

    file = FileDescriptorProto(name="jwtstorm/status_details.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, of, repeated in fields:
            message.field.add(
                name=field,
                number=number,
                type=kind,
                label=3 if repeated else 1,
                type_name=f".{_PACKAGE}.{of}" if of else None,
            )
    pool = DescriptorPool()
    pool.Add(file)
    return {name: GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.{name}")) for name in _MESSAGES}
