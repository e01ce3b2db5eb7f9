"""Rows of one worker's journal, read back piece by piece: every whole row, and what is missing."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.errors import RecordError
from harness.results.call_journal import HEADER, Header, journal_path, read_names
from harness.results.promise import Promise
from harness.results.row import FIELDS, FIELDS_BY_SCHEMA, SCHEMA, Cause, Flag, Origin, RowKind

ROW_TYPE = np.dtype(list(FIELDS))
_TYPES = {schema: np.dtype(list(fields)) for schema, fields in FIELDS_BY_SCHEMA.items()}
_MARK = int(Flag.MARK)
_ROWS_AT_ONCE = 131_072


@dataclass(frozen=True)
class WorkerRows:
    """Rows of one worker: what it promised and what its journal held."""

    worker: int
    promised: int | None
    """Rows the worker said it wrote; None when it had no time to say."""
    found: int
    damaged: int = 0
    """Whole rows without their mark: zeros after a power cut, or foreign bytes."""
    torn_bytes: int = 0
    """Bytes of a last row that was cut short."""
    lost: int = 0
    """Rows that the worker itself could not write."""
    journal_bytes: int = 0
    fault: str | None = None
    """Why nothing of the journal could be read."""

    @property
    def missing(self) -> int:
        """Return how many promised rows are not in the merged file."""
        return max((self.promised or 0) - self.found, 0) + self.lost

    def words(self) -> str | None:
        """Return what is missing in one sentence, or None."""
        name = f"worker {self.worker}"
        if self.fault:
            return f"{name}: {self.fault}"
        if self.missing:
            promised = self.found + self.missing
            return f"{name}: lost {self.missing:,} of {promised:,} rows; the numbers below do not count them"
        if self.damaged:
            return f"{name}: {self.damaged:,} damaged rows were left out"
        return None


class JournalReader:
    """Reads one journal of any schema piece by piece, and counts what it meets."""

    def __init__(self, path: Path, worker: int, names: Sequence[str], fault: str | None, schema: int = SCHEMA) -> None:
        self.worker = worker
        self.names = names
        self._path = path
        self._fault = fault
        self._type = _TYPES[schema]
        self._bytes = path.stat().st_size if path.exists() else 0
        self.whole = 0 if fault else (self._bytes - HEADER.size) // self._type.itemsize
        self._read = self._found = self._damaged = 0

    @classmethod
    def open(cls, run: Path, worker: int) -> "JournalReader":
        """Open a journal; one that cannot be read has a fault and no rows."""
        path = journal_path(run, worker)
        try:
            with path.open("rb") as file:
                header = Header.unpack(file.read(HEADER.size))
        except FileNotFoundError:
            return cls(path, worker, (), f"promised rows, and {path.name} is missing")
        except (OSError, RecordError) as error:
            return cls(path, worker, (), f"{path.name}: {error}")
        try:
            names: Sequence[str] = read_names(run, worker)
        except (OSError, ValueError, TypeError):
            names = ()
        return cls(path, worker, names, None, header.schema)

    def take(self, most: int) -> npt.NDArray[Any]:
        """Return up to ``most`` further rows, without the damaged ones; empty only at the end."""
        while self._read < self.whole:
            size = min(most, self.whole - self._read)
            rows = self._rows(self._read, size)
            self._read += size
            sound = rows[self._sound(rows)]
            self._found += sound.size
            self._damaged += size - sound.size
            if sound.size:
                return sound
        return np.empty(0, ROW_TYPE)

    def last_ns(self) -> int:
        """Return the latest intended start of the journal, or 0."""
        latest = 0
        for start in range(0, self.whole, _ROWS_AT_ONCE):
            rows = self._rows(start, min(_ROWS_AT_ONCE, self.whole - start))
            latest = max([latest, *rows["intended_ns"][self._sound(rows)].tolist()])
        return latest

    def findings(self, promise: Promise | None) -> WorkerRows:
        """Return what was met; call it when all rows are taken."""
        return WorkerRows(
            self.worker,
            promise.rows if promise else None,
            self._found,
            self._damaged,
            0 if self._fault else (self._bytes - HEADER.size) % self._type.itemsize,
            promise.lost if promise else 0,
            self._bytes,
            self._fault,
        )

    def _rows(self, start: int, size: int) -> npt.NDArray[Any]:
        """Return rows from a place on, in the fields of this build."""
        rows = np.fromfile(self._path, self._type, size, offset=HEADER.size + start * self._type.itemsize)
        return rows if self._type == ROW_TYPE else rows.astype(ROW_TYPE)

    @staticmethod
    def _sound(rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        marked: npt.NDArray[np.bool_] = (rows["flags"] & 0xF0) == _MARK
        known = (rows["kind"] < len(RowKind)) & (rows["origin"] < len(Origin)) & (rows["cause"] < len(Cause))
        return marked & known
