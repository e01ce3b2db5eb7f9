"""Rows: ``calls.parquet`` read back a row group at a time, as numpy columns."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from harness.analysis.merge import NAME, ROWS_PER_GROUP
from harness.errors import RecordError
from harness.results.arrow import Bools, numbers, numbers_or_nan
from harness.results.histogram import Ints
from harness.results.row import Cause, Flag, Origin, RowKind
from harness.results.treatment import treatment

Spans = Sequence[tuple[float, float]]
"""Half-open intervals, in seconds from zero."""

_OF_FINALS = ["intended_us", "lag_us", "wait_us", "latency_us", "steps", "kind", "flags", "method", "cause"]
_COLUMNS = [*_OF_FINALS, "life_ms", "messages", "code", "origin"]

_TREATMENTS = np.array(
    [
        [[[treatment(life_ms, origin, cause, messages) for messages in (0, 1)] for cause in Cause] for origin in Origin]
        for life_ms in (0, 1)
    ],
    np.int64,
)
"""`treatment` of all that it can be asked: by whether life was left, origin, cause, and whether messages came."""


@dataclass(frozen=True)
class Chunk:
    """Rows of a run, each column of shape (n,); times in microseconds from zero."""

    at_us: Ints
    counted_us: Ints
    """When a row counts: when it was due, or when a fault began to act while it was in flight."""
    lag_us: Ints
    service_us: Ints
    response_us: Ints
    life_ms: npt.NDArray[np.float64]
    """NaN without a token."""
    steps: Ints
    messages: Ints
    kind: Ints
    flags: Ints
    method: Ints
    code: Ints
    origin: Ints
    cause: Ints
    poisoned: Bools

    @property
    def size(self) -> int:
        """Return the number of rows."""
        return int(self.at_us.size)

    def unpoisoned(self) -> "Chunk":
        """Return the rows that everything but negative probes counts."""
        return self.where(~self.poisoned) if self.poisoned.any() else self

    def finals(self) -> "Chunk":
        """Return the rows that ratios and response times count: one for each call that nobody cut."""
        return self.where(self._final & (self.cause != Cause.STOPPED))

    def stopped(self) -> "Chunk":
        """Return the calls that the run's own stop cut: they say nothing of the target, and are in no ratio."""
        return self.where(self._final & (self.cause == Cause.STOPPED))

    @property
    def _final(self) -> Bools:
        final: Bools = (self.kind != RowKind.FETCH) & ((self.flags & Flag.FINAL) != 0)
        return final

    def attempts(self) -> "Chunk":
        """Return the attempts that left."""
        return self.where(self.kind == RowKind.CALL)

    def fetches(self) -> "Chunk":
        """Return the requests for a token."""
        return self.where(self.kind == RowKind.FETCH)

    def where(self, mask: Bools) -> "Chunk":
        """Return the rows that a mask keeps."""
        return Chunk(**{name: column[mask] for name, column in vars(self).items()})

    def within(self, spans: Spans) -> Bools:
        """Return which rows count within some spans."""
        return within(self.counted_us, spans)

    @property
    def ok(self) -> Bools:
        """Return which rows are no failure."""
        good: Bools = self.cause == Cause.OK
        return good

    @property
    def sent_s(self) -> npt.NDArray[np.float64]:
        """Return when attempts left, in seconds from zero."""
        return (self.at_us + self.response_us - self.service_us) / 1e6

    @property
    def treatment(self) -> Ints:
        """Return how tokens were taken (`harness.results.treatment`)."""
        alive, carried = (self.life_ms > 0).astype(np.int64), (self.messages > 0).astype(np.int64)
        found: Ints = _TREATMENTS[alive, self.origin, self.cause, carried]
        return found

    @property
    def arrivals(self) -> int:
        """Return how many planned arrivals fell due from zero on, sent or not; later calls of a task are none."""
        wanted = Flag.FINAL | Flag.PLANNED
        return int((((self.flags & wanted) == wanted) & (self.at_us >= 0)).sum())


@dataclass(frozen=True)
class Finals:
    """The rows that count each call once, with little more than their times; columns of shape (n,)."""

    at_us: Ints
    response_us: Ints
    ok: Bools


class Rows:
    """A run's merged file, read as often as it takes; methods are numbered as they are met.

    ``poison`` are the bits of the steps that poison calls, ``begins_us`` when faults began to act, in microseconds from
    zero, sorted. All that reads raises `RecordError` where the file is
    missing or damaged.
    """

    def __init__(self, run: Path, poison: int = 0, begins_us: Sequence[int] = ()) -> None:
        self.methods: list[str] = []
        self._path = run / NAME
        self._poison = poison
        self._begins_us = np.array(begins_us, np.int64)

    def chunks(self) -> Iterator[Chunk]:
        """Yield all rows."""
        for batch in self._batches(_COLUMNS):
            lag_us, latency_us = _ints(batch, "lag_us"), _ints(batch, "latency_us")
            at_us, steps = _ints(batch, "intended_us"), _ints(batch, "steps")
            response_us = lag_us + _ints(batch, "wait_us") + latency_us
            yield Chunk(
                at_us=at_us,
                counted_us=counted_us(at_us, response_us, self._begins_us),
                lag_us=lag_us,
                service_us=latency_us,
                response_us=response_us,
                life_ms=numbers_or_nan(batch.column("life_ms")),
                steps=steps,
                messages=_ints(batch, "messages"),
                kind=_kinds(batch),
                flags=_ints(batch, "flags"),
                method=_numbered(batch, "method", self._number),
                code=_ints(batch, "code"),
                origin=_numbered(batch, "origin", lambda name: Origin[name]),
                cause=_causes(batch),
                poisoned=(steps & self._poison) != 0,
            )

    def finals(self) -> Iterator[Finals]:
        """Yield the final rows that nothing poisoned, and number the methods of all rows."""
        for batch in self._batches(_OF_FINALS):
            _numbered(batch, "method", self._number)
            final = (numbers(batch.column("flags")) & Flag.FINAL) != 0
            causes = _causes(batch)
            counted = final & (_kinds(batch) != RowKind.FETCH) & ((_ints(batch, "steps") & self._poison) == 0)
            counted &= causes != Cause.STOPPED
            lag_us, wait_us, latency_us = (_ints(batch, name) for name in ("lag_us", "wait_us", "latency_us"))
            response_us = (lag_us + wait_us + latency_us)[counted]
            yield Finals(_ints(batch, "intended_us")[counted], response_us, causes[counted] == Cause.OK)

    def _number(self, method: str) -> int:
        if method not in self.methods:
            self.methods.append(method)
        return self.methods.index(method)

    def _batches(self, columns: list[str]) -> Iterator[pa.RecordBatch]:
        """Yield batches of one row group after another: a reader of many groups keeps something of each to its end."""
        size = ROWS_PER_GROUP // 2
        try:
            with pq.ParquetFile(self._path) as file:
                for place in range(file.num_row_groups):
                    yield from file.iter_batches(size, row_groups=[place], columns=columns, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            text = f"{self._path} cannot be read ({error}); move it away and run jwtstorm report again"
            raise RecordError(text) from error


def counted_us(at_us: Ints, response_us: Ints, begins_us: Ints) -> Ints:
    """Return when rows count: what was in flight when a fault began counts from that moment on.

    The warm-up's calls stay where they were due; of several faults that began meanwhile, the first counts.
    """
    if not begins_us.size:
        return at_us
    nth = np.searchsorted(begins_us, at_us, side="right")
    begun_us = begins_us[np.minimum(nth, begins_us.size - 1)]
    met = (at_us >= 0) & (nth < begins_us.size) & (begun_us < at_us + response_us)
    moved: Ints = np.where(met, begun_us, at_us)
    return moved


def within(at_us: Ints, spans: Spans) -> Bools:
    """Return which moments, in microseconds from zero, lie within some spans."""
    inside = np.zeros(at_us.size, bool)
    for from_s, until_s in spans:
        inside |= (at_us >= round(from_s * 1e6)) & (at_us < round(until_s * 1e6))
    return inside


def _ints(batch: pa.RecordBatch, name: str) -> Ints:
    found: Ints = numbers(batch.column(name)).astype(np.int64)
    return found


def _kinds(batch: pa.RecordBatch) -> Ints:
    return _numbered(batch, "kind", lambda name: RowKind[name])


def _causes(batch: pa.RecordBatch) -> Ints:
    return _numbered(batch, "cause", lambda name: Cause[name])


def _numbered(batch: pa.RecordBatch, name: str, number: Callable[[str], int]) -> Ints:
    """Return the numbers of a column of names; ``number`` is asked once for each name that occurs."""
    column = batch.column(name)
    indices = numbers(column.indices).astype(np.int64)
    names = column.dictionary.to_pylist()
    used = np.flatnonzero(np.bincount(indices))
    found = np.zeros(len(names) or 1, np.int64)
    found[used] = [number(names[index]) for index in used]
    by_row: Ints = found[indices]
    return by_row
