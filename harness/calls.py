"""The row: what one attempt, token fetch or unsent arrival leaves behind, and its journal.

A journal ``calls-<worker>.bin`` is a 64-byte header and rows of 48 bytes, append-only, so that a
reader after ``kill -9`` keeps every whole row. Times are nanoseconds on the monotonic clock of
the host (``CLOCK_MONOTONIC``, one for all its processes). This module is pure but for `Journal`.
"""

import json
import os
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Self

from harness.errors import RecordError

SCHEMA = 1
"""Version of the row and of every file made from it."""


class Kind(IntEnum):
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

ROW = struct.Struct("<qqiiiiIIBBBBBbBB")
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
    ("method", "u1"),
    ("code", "i1"),
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
index into the journal's names; ``code`` the gRPC status, or -1 where there was none.
"""

NO_LIFE = -(2**31)
MAX_US = 2**31 - 1
HEADER = struct.Struct("<8sIIq40x")
MAGIC = b"JWTSTORM"


@dataclass(frozen=True)
class Header:
    """First 64 bytes of a journal."""

    worker: int
    started_ns: int

    def pack(self) -> bytes:
        """Return the header's bytes."""
        return HEADER.pack(MAGIC, SCHEMA, self.worker, self.started_ns)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read a header.

        Raises `RecordError` where the bytes are no journal of this schema.
        """
        if len(data) < HEADER.size:
            raise RecordError(f"journal header is cut short: {len(data)} of {HEADER.size} bytes; nothing was recorded")
        magic, schema, worker, started_ns = HEADER.unpack(data[: HEADER.size])
        if magic != MAGIC:
            raise RecordError("not a journal of jwtstorm; name a run folder under reports/")
        if schema != SCHEMA:
            raise RecordError(f"journal has schema {schema}, this build reads {SCHEMA}; use the build that wrote it")
        return cls(worker, started_ns)


_AT = " @ "


def told_apart(method: str, address: str) -> str:
    """Return a method's name as the journal holds it where a target has several addresses."""
    return f"{method}{_AT}{address}" if address else method


def address_of(name: str) -> str:
    """Return the address within a journal's name of a method, or an empty text."""
    return name.partition(_AT)[2]


def journal_path(run: Path, worker: int) -> Path:
    """Return where a worker's journal lies."""
    return run / f"calls-{worker}.bin"


def names_path(run: Path, worker: int) -> Path:
    """Return where the method names of a worker's journal lie."""
    return run / f"calls-{worker}.names.json"


def trace_path(run: Path, worker: int) -> Path:
    """Return where a worker's auth trace lies (`harness.auth.trace`)."""
    return run / f"auth-{worker}.ndjson"


class Journal:
    """Append rows of one worker to its file.

    `add` costs well under 2 µs and does no I/O until the buffer is full; call `flush` at least
    every 100 ms. ``written`` counts rows that reached the file: the worker's promise.
    Raises `RecordError` from `flush` when the disk refuses; rows in the buffer are kept.
    """

    def __init__(self, run: Path, worker: int, rows_buffered: int = 4096) -> None:
        self.path = journal_path(run, worker)
        self.written = 0
        self._names_path = names_path(run, worker)
        self._names: dict[str, int] = {}
        self._buffer = bytearray(ROW.size * rows_buffered)
        self._used = 0
        self._bytes = 0
        self._pack = ROW.pack_into
        try:
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)
            os.write(self._file, Header(worker, time.monotonic_ns()).pack())
            self._write_names([])
        except OSError as error:
            raise _disk_error(self.path, error) from error

    def method(self, name: str) -> int:
        """Return the index of a method, writing its name down first where it is new.

        Raises `RecordError` beyond 256 methods, or when the disk refuses.
        """
        index = self._names.get(name)
        if index is None:
            index = len(self._names)
            if index > 255:
                raise RecordError(f"method {name} is the 257th of this run; a journal holds 256")
            try:
                self._write_names([*self._names, name])
            except OSError as error:
                raise _disk_error(self._names_path, error) from error
            self._names[name] = index
        return index

    def add(  # noqa: PLR0913, PLR0917 - a row is flat, and a call per row must not build an object
        self,
        intended_ns: int,
        call_id: int,
        lag_us: int,
        wait_us: int,
        latency_us: int,
        life_ms: int,
        steps: int,
        messages: int,
        kind: int,
        nth: int,
        attempt: int,
        flags: int,
        method: int,
        code: int,
        origin: int,
        cause: int,
    ) -> None:
        """Buffer one row; fields as in `FIELDS`, ``flags`` without the mark."""
        used = self._used
        self._pack(
            self._buffer,
            used,
            intended_ns,
            call_id,
            lag_us,
            wait_us,
            latency_us,
            life_ms,
            steps,
            messages,
            kind,
            nth,
            attempt,
            flags | 0xA0,
            method,
            code,
            origin,
            cause,
        )
        self._used = used + 48
        if self._used == len(self._buffer):
            self.flush()

    def append(self, rows: bytes) -> None:
        """Write rows that are packed already, behind those in the buffer; raises `RecordError`."""
        self.flush()
        view = memoryview(rows)
        try:
            while view:
                sent = os.write(self._file, view)
                self._bytes += sent
                view = view[sent:]
        except OSError as error:
            raise _disk_error(self.path, error) from error
        finally:
            self.written = self._bytes // ROW.size

    @property
    def pending(self) -> int:
        """Return how many rows wait in the buffer."""
        return self._used // ROW.size

    def flush(self) -> None:
        """Write the buffered rows to the file."""
        start = 0
        try:
            with memoryview(self._buffer) as view:
                while start < self._used:
                    start += os.write(self._file, view[start : self._used])
        except OSError as error:
            raise _disk_error(self.path, error) from error
        finally:
            self._bytes += start
            self.written = self._bytes // ROW.size
            self._buffer[: self._used - start] = self._buffer[start : self._used]
            self._used -= start

    def close(self) -> None:
        """Write what is buffered and close the file; closing twice is allowed."""
        if self._file >= 0:
            try:
                self.flush()
            finally:
                os.close(self._file)
                self._file = -1

    def _write_names(self, names: Sequence[str]) -> None:
        temporary = self._names_path.with_suffix(".tmp")
        temporary.write_text(json.dumps(names))
        temporary.replace(self._names_path)


def _disk_error(path: Path, error: OSError) -> RecordError:
    return RecordError(f"cannot write {path.name}: {error.strerror}; free some space, or set REPORTS to another folder")


def read_names(run: Path, worker: int) -> list[str]:
    """Return the method names of a worker's journal, in the order of their index."""
    names = json.loads(names_path(run, worker).read_text())
    return [str(name) for name in names]


def workers(run: Path) -> Iterable[int]:
    """Return the workers whose journals lie in a run folder, sorted."""
    return sorted(int(path.name.removeprefix("calls-").removesuffix(".bin")) for path in run.glob("calls-*.bin"))
