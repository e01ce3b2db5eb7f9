"""The wire row: what the gateway saw of one attempt. Pure.

A row has 104 bytes (`WIRE_ROW`), and its moments are nanoseconds on the monotonic clock of the host, as those of
`harness.results.row` are. It tells of attempts as they crossed the wire, also of those that the target never saw. It
has no intended start and does not know which attempt was its call's last: only the client does.
`harness.results.wire_journal` keeps rows on disk.
"""

import struct
from enum import IntEnum
from typing import NamedTuple

from harness.results.row import Cause, Origin

WIRE_SCHEMA = 1
"""Version of the wire row."""

NO_STATUS = -1
"""The answer bore no gRPC status."""
NEVER = -1
"""A moment that did not come, or a deadline that was not set."""


class WireEnding(IntEnum):
    """How an attempt ended, as far as its frames tell."""

    ANSWERED = 0
    """The upstream's answer reached its end."""
    ANSWERED_BY_GATEWAY = 1
    """A fault answered in the upstream's place."""
    RESET_BY_CLIENT = 2
    RESET_BY_UPSTREAM = 3
    RESET_BY_GATEWAY = 4
    """A fault cut it."""
    CLIENT_LOST = 5
    UPSTREAM_LOST = 6
    UNREACHABLE = 7
    """No upstream could be reached."""
    STOPPED = 8
    """The gateway ended while the attempt was open."""


class WireFlag(IntEnum):
    """Bits of ``flags``."""

    TOKEN = 1
    """It bore a token; ``token`` tells which."""
    SEVERAL_TOKENS = 2
    """It bore more than one; ``token`` is the first."""
    CERTIFICATE = 4
    """The client had shown a certificate."""


WIRE_MARK = 0xA5
"""The last byte of a whole row."""

WIRE_ROW = struct.Struct("<qQQQqIIiiiiiIIiIIHHHBBBBBB4x")
"""Layout of a row, in the order of `WIRE_FIELDS`."""

WIRE_FIELDS = (
    ("opened_ns", "<i8"),
    ("token", "<u8"),
    ("request_bytes", "<u8"),
    ("response_bytes", "<u8"),
    ("ended_us", "<i8"),
    ("connection", "<u4"),
    ("stream", "<u4"),
    ("forwarded_us", "<i4"),
    ("headers_us", "<i4"),
    ("first_byte_us", "<i4"),
    ("life_ms", "<i4"),
    ("deadline_ms", "<i4"),
    ("request_messages", "<u4"),
    ("response_messages", "<u4"),
    ("status", "<i4"),
    ("reset_code", "<u4"),
    ("faults", "<u4"),
    ("method", "<u2"),
    ("copy", "<u2"),
    ("http_status", "<u2"),
    ("attempt", "u1"),
    ("ending", "u1"),
    ("origin", "u1"),
    ("cause", "u1"),
    ("flags", "u1"),
    ("mark", "u1"),
    ("spare", "<u4"),
)
"""Names and numpy types of a row's fields; the attributes of `WireRow` say what they are."""


class WireRow(NamedTuple):
    """One attempt. Moments in µs count from ``opened_ns``, when its headers reached the gateway."""

    opened_ns: int
    token: int
    """Keyed hash of the token: the same for the same token within a run, and nothing outside of it."""
    request_bytes: int
    response_bytes: int
    ended_us: int
    connection: int
    """Serial number of the client's connection; the journal's names tell its peer and its upstream."""
    stream: int
    forwarded_us: int
    """When the upstream was sent its headers, or `NEVER`."""
    headers_us: int
    """When the client was sent the first headers of its answer."""
    first_byte_us: int
    """When the client was sent the first data of its answer."""
    life_ms: int
    """The token's life left when it arrived, by the verifier's clock, or `harness.results.row.NO_LIFE`."""
    deadline_ms: int
    """What the client's ``grpc-timeout`` allowed, or `NEVER`."""
    request_messages: int
    response_messages: int
    status: int
    """The gRPC status, also one that gRPC does not define, or `NO_STATUS`."""
    reset_code: int
    """What an RST_STREAM bore, where one ended the attempt."""
    faults: int
    """A bit for each of the gateway's faults that touched it."""
    method: int
    """Index into the journal's names."""
    copy: int
    """The listener it came by: which copy of the client."""
    http_status: int
    attempt: int
    """What the client says in ``grpc-previous-rpc-attempts``."""
    ending: WireEnding
    origin: Origin
    cause: Cause
    flags: int
    """Bits of `WireFlag`."""

    def pack(self) -> bytes:
        """Return the row's bytes."""
        return WIRE_ROW.pack(*self, WIRE_MARK)
