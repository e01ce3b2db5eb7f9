"""Shipping: the files of a worker on another host travel to the run's folder, as they grow.

The worker writes them to a folder of its own, a `Shipper` sends them in
chunks, and a `Dock` beside the conductor writes those into the run's folder and answers with what
it holds. What is there is always the beginning of the worker's file, without a gap: a chunk that
comes twice adds nothing, one that comes too early is refused, and the shipper sends again from
where the dock stands. The method names are sent whole, for that file is written anew.
"""

import os
import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path

from harness.errors import RecordError
from harness.files import replaced
from harness.protocol.messages import FileChunk, Stored
from harness.results.call_journal import journal_path, names_path, trace_path

CHUNK_BYTES = 128 * 1024
"""Largest chunk: small beside what Locust's channel holds, and quick to write in an event loop."""
WINDOW_BYTES = 8 * CHUNK_BYTES
"""How far a file is sent beyond what the dock has answered for."""
RESEND_AFTER_S = 2.0
FORCE = "JWTSTORM_REMOTE"
"""Environment variable of a worker's process: ``1`` makes it ship its files although it need not, for tests."""

Send = Callable[[FileChunk], None]


def boot_id() -> str:
    """Return what is the same for all processes that share this host's monotonic clock."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return f"node {uuid.getnode():012x}"


def is_remote(conductor_boot_id: str, run: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether a worker in this process has another clock than the conductor, or does not see its folder."""
    return environ.get(FORCE) == "1" or conductor_boot_id != boot_id() or not (run / "run.json").is_file()


def names_of(worker: int) -> tuple[str, ...]:
    """Return the names of the files that a worker leaves in the run's folder."""
    here = Path()
    return tuple(path(here, worker).name for path in (names_path, journal_path, trace_path))


def _is_whole(name: str) -> bool:
    return name.endswith(".names.json")


class _Freight:
    """One file under way: how much of it was sent, and how much has arrived."""

    def __init__(self, path: Path, send: Send) -> None:
        self.path = path
        self.stored = 0
        self._send = send
        self._sent = 0
        self._moved_s = 0.0

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def ship(self, now_s: float) -> None:
        if self._sent == self.stored:
            self._moved_s = now_s
        elif now_s - self._moved_s >= RESEND_AFTER_S:
            self._sent, self._moved_s = self.stored, now_s
        if _is_whole(self.path.name):
            self._ship_whole()
        else:
            self._ship_rest()

    def note(self, size: int, now_s: float) -> bool:
        """Note what has arrived; tell whether that is news."""
        if not self.stored < size <= self.size:
            return False
        self.stored, self._moved_s = size, now_s
        self._sent = max(self._sent, size)
        return True

    def _ship_whole(self) -> None:
        if self._sent < self.size:
            data = self.path.read_bytes()
            self._sent = len(data)
            self._send(FileChunk(self.path.name, 0, data))

    def _ship_rest(self) -> None:
        most = min(self.size, self.stored + WINDOW_BYTES)
        if self._sent >= most:
            return
        with self.path.open("rb") as file:
            while self._sent < most:
                offset = file.seek(self._sent)
                data = file.read(min(CHUNK_BYTES, most - offset))
                self._sent += len(data)
                self._send(FileChunk(self.path.name, offset, data))


class Shipper:
    """Send a worker's files; call `ship` every 100 ms, and `hear` with each answer of the dock.

    ``now_s`` is any clock that does not jump, in seconds.
    """

    def __init__(self, folder: Path, worker: int, send: Send, now_s: Callable[[], float]) -> None:
        self._freight = {name: _Freight(folder / name, send) for name in names_of(worker)}
        self._now_s = now_s
        self._moved_s = now_s()

    @property
    def done(self) -> bool:
        """Tell whether everything that was written has arrived."""
        return all(freight.stored == freight.size for freight in self._freight.values())

    @property
    def stuck_s(self) -> float:
        """Return for how long nothing has arrived."""
        return self._now_s() - self._moved_s

    def ship(self) -> None:
        """Send what has been written since, and again what was lost on the way.

        Raises `RecordError` where a file cannot be read.
        """
        try:
            for freight in self._freight.values():
                freight.ship(self._now_s())
        except OSError as error:
            raise RecordError(f"cannot read {error.filename} to send it: {error.strerror}") from error

    def hear(self, stored: Stored) -> None:
        """Take the dock's answer: how much of a file it holds."""
        freight = self._freight.get(stored.name)
        if freight is not None and freight.note(stored.size, self._now_s()):
            self._moved_s = self._now_s()


class Dock:
    """Write the chunks of remote workers into the run's folder."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._sizes: dict[str, int] = {}

    def take(self, worker: int, chunk: FileChunk) -> Stored:
        """Store a chunk of a worker; return the answer for its shipper.

        Raises `RecordError` for a chunk that cannot be the worker's, and when the disk refuses.
        """
        _look_at(worker, chunk)
        try:
            (self._replace if _is_whole(chunk.name) else self._append)(chunk)
        except OSError as error:
            text = f"cannot write {chunk.name}: {error.strerror}; free some space, or set REPORTS to another folder"
            raise RecordError(text) from error
        return Stored(chunk.name, self._sizes.get(chunk.name, 0))

    def _replace(self, chunk: FileChunk) -> None:
        """Write the names anew; they only grow, so a shorter list is an older one."""
        if len(chunk.data) > self._sizes.get(chunk.name, 0):
            with replaced(self._run / chunk.name) as temporary:
                temporary.write_bytes(chunk.data)
            self._sizes[chunk.name] = len(chunk.data)

    def _append(self, chunk: FileChunk) -> None:
        stored = self._sizes.get(chunk.name, 0)
        if not chunk.offset <= stored < chunk.offset + len(chunk.data):
            return
        file = os.open(self._run / chunk.name, os.O_WRONLY | os.O_CREAT, 0o644)
        try:
            while stored < chunk.offset + len(chunk.data):
                stored += os.pwrite(file, chunk.data[stored - chunk.offset :], stored)
        finally:
            os.close(file)
            self._sizes[chunk.name] = stored


def _look_at(worker: int, chunk: FileChunk) -> None:
    """Refuse what a worker may not store: foreign input ends here."""
    if chunk.name not in names_of(worker):
        shown = re.sub(r"[^\w.-]", "?", chunk.name)[:40]
        raise RecordError(f"worker {worker} sent a file named {shown}, which is none of its own; it was refused")
    if chunk.offset < 0 or len(chunk.data) > CHUNK_BYTES:
        raise RecordError(f"worker {worker} sent a piece of {chunk.name} that is none; start it with the same build")
