"""The journal of calls: a worker's rows and the names of its methods, in the run's folder.

A journal ``calls-<worker>.bin`` is a 64-byte header and rows (`harness.results.row`), append-only, so that
a reader after ``kill -9`` keeps every whole row. Names lie beside it, in ``calls-<worker>.names.json``.
"""

import json
import os
import struct
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from harness.errors import RecordError
from harness.files import write_whole
from harness.results.row import FIELDS_BY_SCHEMA, MOST_METHODS, ROW, SCHEMA

HEADER = struct.Struct("<8sIIq40x")
MAGIC = b"JWTSTORM"
_READ = " and ".join(map(str, FIELDS_BY_SCHEMA))


@dataclass(frozen=True)
class Header:
    """First 64 bytes of a journal."""

    worker: int
    started_ns: int
    schema: int = SCHEMA

    def pack(self) -> bytes:
        """Return the header's bytes."""
        return HEADER.pack(MAGIC, self.schema, self.worker, self.started_ns)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read a header.

        Raises `RecordError` where the bytes are no journal, or of a schema that is not read here.
        """
        if len(data) < HEADER.size:
            raise RecordError(f"journal header is cut short: {len(data)} of {HEADER.size} bytes; nothing was recorded")
        magic, schema, worker, started_ns = HEADER.unpack(data[: HEADER.size])
        if magic != MAGIC:
            raise RecordError("not a journal of jwtstorm; name a run folder under reports/")
        if schema not in FIELDS_BY_SCHEMA:
            raise RecordError(f"journal has schema {schema}, this build reads {_READ}; use the build that wrote it")
        return cls(worker, started_ns, schema)


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
    """Return where a worker's auth trace lies (`harness.calls.trace`)."""
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

        Raises `RecordError` beyond 65,536 methods, or when the disk refuses.
        """
        index = self._names.get(name)
        if index is None:
            index = len(self._names)
            if index >= MOST_METHODS:
                raise RecordError(f"method {name} is one too many for this run; a journal holds {MOST_METHODS:,}")
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
        self._used = used + 52
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
        write_whole(self._names_path, json.dumps(names))


def _disk_error(path: Path, error: OSError) -> RecordError:
    return RecordError(f"cannot write {path.name}: {error.strerror}; free some space, or set REPORTS to another folder")


def read_names(run: Path, worker: int) -> list[str]:
    """Return the method names of a worker's journal, in the order of their index."""
    names = json.loads(names_path(run, worker).read_text())
    return [str(name) for name in names]


def workers(run: Path) -> Iterable[int]:
    """Return the workers whose journals lie in a run folder, sorted."""
    return sorted(int(path.name.removeprefix("calls-").removesuffix(".bin")) for path in run.glob("calls-*.bin"))
