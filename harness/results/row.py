"""The row: what one attempt, token fetch or unsent arrival leaves behind. Pure.

A row has 52 bytes (`ROW`), and its moments are nanoseconds on the monotonic clock of the host
(``CLOCK_MONOTONIC``, one for all its processes). `harness.results.call_journal` keeps rows on disk.
"""

import struct
from enum import IntEnum

SCHEMA = 2
"""Version of the row; the native transport packs the same (``transport/src/fleet/rows.rs``)."""


class RowKind(IntEnum):
    """What a row is about."""

    CALL = 0
    """One attempt of one call."""
    FETCH = 1
    """One request for a token; ``call_id`` is the call that waited for it, or -1."""
    NOT_SENT = 2
    """An arrival that was due and never left: a planned call that failed."""


class Origin(IntEnum):
    """Where an outcome arose."""

    NONE = 0
    """Not a failure."""
    LOCAL = 1
    """The client itself, before anything was sent."""
    TOKEN_SOURCE = 2
    TRANSPORT = 3
    SIZE_LIMIT = 4
    PROXY = 5
    VERIFIER = 6
    POLICY = 7
    HANDLER = 8
    GENERATOR = 9
    """The load generator: the arrival was due and it did not send."""


JUDGED = (Origin.NONE, Origin.VERIFIER, Origin.POLICY, Origin.HANDLER)
"""Origins of attempts that met the verifier."""


class Cause(IntEnum):
    """Why a call or a fetch failed; ``OK`` when it did not."""

    OK = 0
    EXPIRED = 1
    NOT_YET_VALID = 2
    BAD_SIGNATURE = 3
    UNKNOWN_KEY = 4
    WRONG_ALGORITHM = 5
    WRONG_AUDIENCE = 6
    WRONG_ISSUER = 7
    MISSING_CLAIM = 8
    MISSING_METADATA = 9
    MALFORMED = 10
    REVOKED = 11
    KEYS_UNAVAILABLE = 12
    """The verifier could not get its key set."""
    UNAUTHENTICATED = 13
    """Turned away, and nothing says why."""
    DENIED = 14
    UNREACHABLE = 15
    CONNECTION_LOST = 16
    DEADLINE = 17
    CANCELLED = 18
    OVERLOAD = 19
    TOO_LARGE = 20
    ILLEGAL_METADATA = 21
    NO_SUCH_METHOD = 22
    BAD_REQUEST = 23
    """The handler refused the request (INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION, …)."""
    CRASH = 24
    """The server answered UNKNOWN, INTERNAL or DATA_LOSS."""
    UNAVAILABLE = 25
    """The server answered UNAVAILABLE by itself."""
    BAD_CLIENT = 26
    """The issuer refused the client (invalid_client, unauthorized_client, 401, 403)."""
    RATE_LIMITED = 27
    BAD_RESPONSE = 28
    """The issuer's answer was no token response."""
    LATE = 29
    """No free user within ``max_lag_s``."""
    STOPPED = 30
    """The run ended while the arrival was queued or in flight."""
    NO_CALL = 31
    """The task ended without a call."""
    SAME_TOKEN = 32
    """The token source gave a refused token again."""
    OTHER = 33
    STREAM_LIMIT = 34
    """The server refused a stream: too many at once on one connection (REFUSED_STREAM)."""
    HTTP_ANSWER = 35
    """Something that speaks HTTP and not gRPC answered: a proxy, a load balancer, a login page."""


class Flag(IntEnum):
    """Bits of ``flags``; the upper nibble marks a whole row."""

    FINAL = 1
    """The last row of its call: the one that ratios and response times count."""
    BUSY = 2
    """No user was free when the arrival came due, so its lag is the target's doing."""
    PLANNED = 4
    """The intended start comes from a schedule (open model)."""
    MARK = 0xA0


MOST_NTH = 255
"""The last place of a call in its task that a row can tell."""

ROW = struct.Struct("<qqiiiiIIBBBBHiBB")
"""Layout of a row, in the order of `FIELDS`."""

FIELDS = (
    ("intended_ns", "<i8"),
    ("call_id", "<i8"),
    ("lag_us", "<i4"),
    ("wait_us", "<i4"),
    ("latency_us", "<i4"),
    ("life_ms", "<i4"),
    ("steps", "<u4"),
    ("messages", "<u4"),
    ("kind", "u1"),
    ("nth", "u1"),
    ("attempt", "u1"),
    ("flags", "u1"),
    ("method", "<u2"),
    ("code", "<i4"),
    ("origin", "u1"),
    ("cause", "u1"),
)
"""Names and numpy types of a row's fields.

``intended_ns`` when the call was due (its actual start, where nothing was planned); ``lag_us``
from there until a user took it; ``wait_us`` from there until this attempt left (token, backoff,
earlier attempts); ``latency_us`` from there to its end: service time. Their sum is the response
time. ``life_ms`` is the token's life left when the attempt left (`NO_LIFE` without a token);
``steps`` a bit per timeline step whose per-call fault touched the attempt; ``messages`` the
response messages seen; ``nth`` counts calls within one task, ``attempt`` from 0; ``method`` is an
index into the journal's names; ``code`` the status as the server sent it, also one that gRPC does not
define, or -1 where there was none.
"""

MOST_METHODS = 65_536
"""How many methods a journal can tell apart."""

_NARROW = {"method": "u1", "code": "i1"}
FIELDS_BY_SCHEMA = {1: tuple((name, _NARROW.get(name, kind)) for name, kind in FIELDS), SCHEMA: FIELDS}
"""The fields of every version that is read: schema 1 had room for 256 methods, and for the statuses of gRPC alone."""

NO_LIFE = -(2**31)
MAX_US = 2**31 - 1
