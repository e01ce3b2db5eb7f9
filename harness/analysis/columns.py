"""Chunks: ``calls.parquet`` read back a row group at a time, as numpy columns."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from harness.analysis.merge import NAME, ROWS_PER_GROUP
from harness.errors import RecordError
from harness.results.histogram import Ints
from harness.results.row import Cause, Flag, Kind, Origin

Bools = npt.NDArray[np.bool_]
_TIMES = ("intended_us", "lag_us", "wait_us", "latency_us", "life_ms")
_COLUMNS = [*_TIMES, "kind", "flags", "method", "origin", "cause"]
_OF_FINALS = ["intended_us", "lag_us", "wait_us", "latency_us", "kind", "flags", "method", "cause"]


class Methods:
    """The methods of a run, numbered as they are met."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def index(self, name: str) -> int:
        """Return a method's number."""
        if name not in self.names:
            self.names.append(name)
        return self.names.index(name)


@dataclass(frozen=True)
class Chunk:
    """Rows of a run, each column of shape (n,); times in microseconds from zero."""

    at_us: Ints
    lag_us: Ints
    service_us: Ints
    response_us: Ints
    life_ms: npt.NDArray[np.float64]
    """NaN without a token."""
    kind: Ints
    flags: Ints
    method: Ints
    origin: Ints
    cause: Ints

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return int(self.at_us.size)

    def finals(self) -> "Chunk":
        """Return the rows that ratios and response times count: one for each call."""
        return self.where((self.kind != Kind.FETCH) & ((self.flags & Flag.FINAL) != 0))

    def attempts(self) -> "Chunk":
        """Return the attempts that left."""
        return self.where(self.kind == Kind.CALL)

    def fetches(self) -> "Chunk":
        """Return the requests for a token."""
        return self.where(self.kind == Kind.FETCH)

    def where(self, mask: Bools) -> "Chunk":
        """Return the rows that a mask keeps."""
        return Chunk(**{name: column[mask] for name, column in vars(self).items()})

    @property
    def ok(self) -> Bools:
        """Return which rows are no failure."""
        good: Bools = self.cause == Cause.OK
        return good


@dataclass(frozen=True)
class Finals:
    """The rows that count each call once, with little more than their times; columns of shape (n,)."""

    at_us: Ints
    response_us: Ints
    ok: Bools


def chunks(run: Path, methods: Methods, without: int = 0) -> Iterator[Chunk]:
    """Yield the rows of a run's merged file, but for those that a step with a bit of ``without`` touched.

    Raises `RecordError` where the file is missing or damaged.
    """
    for batch in batches(run, _COLUMNS, without):
        yield _chunk(batch, methods)


def finals(run: Path, methods: Methods, without: int = 0) -> Iterator[Finals]:
    """Yield the final rows of a run's merged file, and number the methods of all its rows.

    Raises `RecordError` where the file is missing or damaged.
    """
    for batch in batches(run, _OF_FINALS, without):
        numbered(batch.column("method"), methods.index)
        kind = numbered(batch.column("kind"), lambda name: int(Kind[name]))
        counted = (kind != Kind.FETCH) & ((batch.column("flags").to_numpy() & Flag.FINAL) != 0)
        times = {name: batch.column(name).to_numpy()[counted].astype(np.int64) for name in _TIMES[:4]}
        ok = numbered(batch.column("cause"), lambda name: int(Cause[name]))[counted] == Cause.OK
        yield Finals(times["intended_us"], times["lag_us"] + times["wait_us"] + times["latency_us"], ok)


def arrivals(run: Path) -> int:
    """Return how many planned arrivals fell due from zero on, sent or not; later calls of a task are none.

    Raises `RecordError` where the file is missing or damaged.
    """
    wanted = Flag.FINAL | Flag.PLANNED
    count = 0
    for batch in batches(run, ["intended_us", "flags"]):
        due = batch.column("intended_us").to_numpy() >= 0
        count += int(((batch.column("flags").to_numpy() & wanted) == wanted)[due].sum())
    return count


def batches(run: Path, columns: list[str], without: int = 0) -> Iterator[pa.RecordBatch]:
    """Yield some columns of a run's merged file, but for rows that a step with a bit of ``without`` touched.

    Raises `RecordError` where the file is missing or damaged.
    """
    wanted = [*columns, "steps"] if without and "steps" not in columns else columns
    try:
        with pq.ParquetFile(run / NAME) as file:
            for batch in _one_by_one(file, wanted):
                kept = (batch.column("steps").to_numpy() & without) == 0 if without else None
                yield batch if kept is None else batch.filter(pa.array(kept))
    except (OSError, pa.ArrowException) as error:
        raise RecordError(f"{run / NAME} cannot be read ({error}); delete it and run jwtstorm report again") from error


def _one_by_one(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of one row group after another: a reader of many groups keeps something of each to its end."""
    for place in range(file.num_row_groups):
        yield from file.iter_batches(ROWS_PER_GROUP // 2, row_groups=[place], columns=columns, use_threads=False)


def _chunk(batch: pa.RecordBatch, methods: Methods) -> Chunk:
    plain = {name: batch.column(name).to_numpy(zero_copy_only=False) for name in _TIMES}
    lag_us, latency_us = plain["lag_us"].astype(np.int64), plain["latency_us"].astype(np.int64)
    return Chunk(
        at_us=plain["intended_us"].astype(np.int64),
        lag_us=lag_us,
        service_us=latency_us,
        response_us=lag_us + plain["wait_us"].astype(np.int64) + latency_us,
        life_ms=plain["life_ms"].astype(np.float64),
        kind=numbered(batch.column("kind"), lambda name: int(Kind[name])),
        flags=batch.column("flags").to_numpy().astype(np.int64),
        method=numbered(batch.column("method"), methods.index),
        origin=numbered(batch.column("origin"), lambda name: int(Origin[name])),
        cause=numbered(batch.column("cause"), lambda name: int(Cause[name])),
    )


def numbered(column: pa.DictionaryArray, number: Any) -> Ints:
    """Return the numbers of a column of names; ``number`` is asked once for each name that occurs."""
    indices = column.indices.to_numpy().astype(np.int64)
    names = column.dictionary.to_pylist()
    used = np.flatnonzero(np.bincount(indices))
    numbers = np.zeros(len(names) or 1, np.int64)
    numbers[used] = [number(names[index]) for index in used]
    found: Ints = numbers[indices]
    return found
