"""The fault journal: what is about to be done is on disk before it is done.

``faults.ndjson`` holds one event a line (`harness.results.fault_events`). A line ``applying`` carries the undo, so
that `jwtstorm recover` can carry it out after ``kill -9``; no secret is ever stored in it.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from harness import clock
from harness.errors import RecordError
from harness.files import read_lines
from harness.records import plain, record_of
from harness.results.fault_events import AnyEvent, MeasuredEvent, VerifiedEvent

NAME = "faults.ndjson"


class FaultJournal:
    """Append events to a run's fault journal; each line is on disk when `write` returns."""

    def __init__(self, run: Path) -> None:
        self.path = run / NAME
        try:
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._cut = _ends_in_a_cut_line(self._file)
        except OSError as error:
            raise RecordError(f"cannot open {NAME}: {error.strerror}; nothing was injected") from error

    def write(self, event: AnyEvent) -> None:
        """Append one event with its time and force it to disk.

        Raises `RecordError` when the disk refuses: then nothing may be applied.
        """
        said = msgspec.structs.replace(event, utc=clock.utc_now().isoformat(timespec="milliseconds"))
        data = ("\n" * self._cut + json.dumps(plain(said)) + "\n").encode()
        self._cut = True
        try:
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
        except OSError as error:
            raise RecordError(f"cannot write {NAME}: {error.strerror}; free some space, then run again") from error
        self._cut = False

    def close(self) -> None:
        """Close the file; closing twice is allowed."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _ends_in_a_cut_line(file: int) -> bool:
    """Tell whether a crash or a full disk cut the last line: the next one must not join it."""
    size = os.fstat(file).st_size
    return size > 0 and os.pread(file, 1, size - 1) != b"\n"


def read_events(run: Path) -> Iterator[AnyEvent]:
    """Yield the events of a run's journal, none where it has none; a line cut short by a crash is left out.

    Raises `RecordError` for a line that is no event of ours.
    """
    path = run / NAME
    for line in read_lines(path):
        try:
            event: AnyEvent = record_of(line, AnyEvent)
        except ValueError as error:
            raise RecordError(
                f"{path} holds an event that cannot be read ({error}); use the build that wrote it"
            ) from error
        yield event


def clock_readings(run: Path) -> list[dict[str, Any]]:
    """Return the last measurement of each clock that a run moved, as ``run.json`` holds them."""
    found: dict[str, dict[str, Any]] = {}
    for event in read_events(run):
        if isinstance(event, VerifiedEvent | MeasuredEvent) and event.active and "measured_s" in event.reading:
            found[event.step] = {"step": event.step, **event.reading}
    return list(found.values())
