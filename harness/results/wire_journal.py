"""The journal of the wire: a gateway's rows, and the names of its methods and connections, in the run's folder.

A journal ``wire-<number>.bin`` is a 64-byte header and rows (`harness.results.wire_row`), append-only, so that a reader
after ``kill -9`` keeps every whole row. Names lie beside it, in ``wire-<number>.names.ndjson``, each line written
before the first row that needs it.
"""

import json
import os
import struct
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from harness.errors import RecordError
from harness.results.wire_row import WIRE_ROW, WIRE_SCHEMA

WIRE_HEADER = struct.Struct("<8sIIq40x")
WIRE_MAGIC = b"JWTSWIRE"
MOST_METHODS = 65_535
OTHER_METHODS = "(other methods)"
"""The name under which all methods beyond `MOST_METHODS` go: a client may make names up."""


@dataclass(frozen=True)
class WireHeader:
    """First 64 bytes of a journal."""

    number: int
    started_ns: int

    def pack(self) -> bytes:
        """Return the header's bytes."""
        return WIRE_HEADER.pack(WIRE_MAGIC, WIRE_SCHEMA, self.number, self.started_ns)

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Read a header.

        Raises `RecordError` where the bytes are no journal of the wire of this schema.
        """
        if len(data) < WIRE_HEADER.size:
            raise RecordError(
                f"wire journal's header is cut short: {len(data)} of {WIRE_HEADER.size} bytes; nothing was recorded"
            )
        magic, schema, number, started_ns = WIRE_HEADER.unpack(data[: WIRE_HEADER.size])
        if magic != WIRE_MAGIC:
            raise RecordError("not a wire journal of jwtstorm; name a run folder under reports/")
        if schema != WIRE_SCHEMA:
            raise RecordError(
                f"wire journal has schema {schema}, this build reads {WIRE_SCHEMA}; use the build that wrote it"
            )
        return cls(number, started_ns)


@dataclass(frozen=True)
class WireConnection:
    """One connection of a client, as the journal's names tell it.

    ``protocol`` is what ALPN agreed on, empty where TLS agreed on nothing, None without TLS; ``agent`` what the first
    call's ``user-agent`` said.
    """

    serial: int
    copy: int
    peer: str
    upstream: str
    protocol: str | None
    agent: str


def wire_path(run: Path, number: int) -> Path:
    """Return where a gateway's journal lies."""
    return run / f"wire-{number}.bin"


def wire_names_path(run: Path, number: int) -> Path:
    """Return where the names of a gateway's journal lie."""
    return run / f"wire-{number}.names.ndjson"


def gateways(run: Path) -> Iterable[int]:
    """Return the gateways whose journals lie in a run folder, sorted."""
    return sorted(int(path.name.removeprefix("wire-").removesuffix(".bin")) for path in run.glob("wire-*.bin"))


class WireJournal:
    """Append rows of one gateway to its file.

    `add` does no I/O until ``most_buffered`` rows wait; call `flush` at least every 100 ms. ``written`` counts rows
    that reached the file: the gateway's promise. ``lost`` counts rows that found no room while the disk refused others.
    """

    def __init__(self, run: Path, number: int, started_ns: int, most_buffered: int = 4096) -> None:
        self.path = wire_path(run, number)
        self.lost = 0
        self._most_bytes = most_buffered * WIRE_ROW.size
        self._buffer = bytearray()
        self._bytes = 0
        self._methods: dict[str, int] = {}
        try:
            self._names = _append_only(wire_names_path(run, number))
            self._file = _append_only(self.path)
            os.write(self._file, WireHeader(number, started_ns).pack())
        except OSError as error:
            raise _disk_error(self.path, error) from error

    @property
    def written(self) -> int:
        """Return how many whole rows reached the file."""
        return self._bytes // WIRE_ROW.size

    def method(self, name: str) -> int:
        """Return the index of a method, writing its name down first where it is new; raises `RecordError`."""
        index = self._methods.get(name)
        if index is None:
            if len(self._methods) >= MOST_METHODS and name != OTHER_METHODS:
                return self.method(OTHER_METHODS)
            index = len(self._methods)
            self._note({"method": name})
            self._methods[name] = index
        return index

    def connection(self, connection: WireConnection) -> None:
        """Write down who a connection is, before its first row; raises `RecordError`."""
        self._note({"connection": asdict(connection)})

    def add(self, row: bytes) -> None:
        """Buffer one packed row; raises `RecordError` where the buffer is full and the disk refuses."""
        if len(self._buffer) >= self._most_bytes:
            self._make_room()
        self._buffer += row

    def flush(self) -> None:
        """Write the buffered rows to the file; raises `RecordError` when the disk refuses, and keeps them."""
        while self._buffer:
            try:
                sent = os.write(self._file, self._buffer)
            except OSError as error:
                raise _disk_error(self.path, error) from error
            self._bytes += sent
            del self._buffer[:sent]

    def close(self) -> None:
        """Write what is buffered and close the files; closing twice is allowed."""
        if self._file >= 0:
            try:
                self.flush()
            finally:
                os.close(self._file)
                os.close(self._names)
                self._file = -1

    def _make_room(self) -> None:
        try:
            self.flush()
        except RecordError:
            self.lost += 1
            raise

    def _note(self, line: dict[str, Any]) -> None:
        try:
            os.write(self._names, json.dumps(line).encode() + b"\n")
        except OSError as error:
            raise _disk_error(self.path, error) from error


def _append_only(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o644)


def _disk_error(path: Path, error: OSError) -> RecordError:
    return RecordError(f"cannot write {path.name}: {error.strerror}; free some space, or set REPORTS to another folder")
