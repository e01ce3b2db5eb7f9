"""Merge: the journals of all workers become ``calls.parquet``, in bounded memory, and say what is missing.

A journal may end in half a row (kill -9, a full disk), and be shorter than its worker promised:
every whole row is kept, and the loss is named. The merged file says in its metadata what it was
made from, so that a later report knows whether to merge again.
"""

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import RecordError
from harness.files import read_lines, replaced
from harness.records import plain, record_of
from harness.results.arrow import column, words
from harness.results.call_journal import journal_path, workers
from harness.results.call_journal_reader import JournalReader, WorkerRows
from harness.results.row import NO_LIFE, Cause, Origin, RowKind
from harness.results.run import Run

ROWS_PER_GROUP = 131_072
"""Rows of a row group: readers stream one at a time, and the file grows by 0.2 % only."""

NAME = "calls.parquet"
SCHEMA = 2
"""Version of the merged file; 1 had narrower columns for methods and statuses, and is read as it is."""
_READ = frozenset({1, SCHEMA})
_NAMES = pa.dictionary(pa.int16(), pa.string())
_METHODS = pa.dictionary(pa.int32(), pa.string())
COLUMNS = pa.schema(
    [
        ("intended_us", pa.int64()),
        ("call_id", pa.int64()),
        ("lag_us", pa.int32()),
        ("wait_us", pa.int32()),
        ("latency_us", pa.int32()),
        ("life_ms", pa.int32()),
        ("steps", pa.uint32()),
        ("messages", pa.uint32()),
        ("kind", _NAMES),
        ("nth", pa.uint8()),
        ("attempt", pa.uint8()),
        ("flags", pa.uint8()),
        ("method", _METHODS),
        ("code", pa.int32()),
        ("origin", _NAMES),
        ("cause", _NAMES),
        ("worker", pa.uint16()),
    ]
)
"""Columns of ``calls.parquet``; ``intended_us`` counts from zero, ``life_ms`` is null without a token."""

_AS_THEY_ARE = ("call_id", "lag_us", "wait_us", "latency_us", "steps", "messages", "nth", "attempt", "code")
"""Columns that hold what the rows hold."""

_ENCODINGS = {
    "intended_us": "DELTA_BINARY_PACKED",
    "call_id": "DELTA_BINARY_PACKED",
    "lag_us": "BYTE_STREAM_SPLIT",
    "wait_us": "BYTE_STREAM_SPLIT",
    "latency_us": "BYTE_STREAM_SPLIT",
    "life_ms": "BYTE_STREAM_SPLIT",
}


@dataclass(frozen=True)
class Merged:
    """What the merge found."""

    workers: tuple[WorkerRows, ...]
    zero_ns: int
    """Monotonic time of zero; after the last row when the run never got there."""

    @property
    def rows(self) -> int:
        """Return the rows of the merged file."""
        return sum(worker.found for worker in self.workers)


def merged(run: Run) -> Merged:
    """Return the findings of the merged files, making them anew where a journal grew since.

    Raises `RecordError` where there is neither a merged file nor a journal.
    """
    path = run.path / NAME
    sizes = {worker: journal_path(run.path, worker).stat().st_size for worker in workers(run.path)}
    known = _findings(path) if path.exists() else None
    if known is not None and (not sizes or sizes == {rows.worker: rows.journal_bytes for rows in known.workers}):
        return known
    if not sizes:
        raise RecordError(f"{run.path} has no calls-*.bin and no readable {NAME}: nothing was recorded")
    return merge(run)


def merge(run: Run) -> Merged:
    """Merge the journals and the auth traces of a run's folder."""
    promises = {promise.worker: promise for promise in run.promises}
    promised = {worker for worker, promise in promises.items() if promise.rows is not None}
    journals = [JournalReader.open(run.path, worker) for worker in sorted({*workers(run.path), *promised})]
    zero_ns = run.zero_ns
    if zero_ns is None:
        zero_ns = max((journal.last_ns() for journal in journals), default=0) + 1
    offsets = {worker: promise.clock_offset_ns for worker, promise in promises.items()}
    methods = sorted({name for journal in journals for name in journal.names})
    encoded = {"compression": "zstd", "compression_level": 3, "column_encoding": _ENCODINGS}
    dictionaries = [field.name for field in COLUMNS if field.name not in _ENCODINGS]
    try:
        with (
            replaced(run.path / NAME) as temporary,
            pq.ParquetWriter(temporary, COLUMNS, use_dictionary=dictionaries, **encoded) as writer,
        ):
            for piece in _pieces(journals):
                times = [(rows, journal, zero_ns + offsets.get(journal.worker, 0)) for journal, rows in piece]
                writer.write_table(_table(times, methods), row_group_size=ROWS_PER_GROUP)
            found = Merged(tuple(journal.findings(promises.get(journal.worker)) for journal in journals), zero_ns)
            writer.add_key_value_metadata({"jwtstorm": json.dumps({"schema": SCHEMA, **plain(found)})})
        _merge_traces(run.path, zero_ns, offsets)
    except OSError as error:
        raise RecordError(f"cannot write {NAME}: {error.strerror or error}; free some space") from error
    return found


def _findings(path: Path) -> Merged | None:
    """Return what a merged file says of itself; None for one that cannot be read, or is of another build."""
    try:
        data = json.loads((pq.read_metadata(path).metadata or {}).get(b"jwtstorm", b"{}"))
        return record_of(data, Merged) if data.get("schema") in _READ else None
    except (OSError, ValueError, pa.ArrowException):
        return None


def _pieces(journals: Sequence[JournalReader]) -> Iterator[list[tuple[JournalReader, npt.NDArray[Any]]]]:
    """Yield rows of all journals, about a row group at a time, each journal advancing by its share."""
    total = sum(journal.whole for journal in journals) or 1
    while True:
        shares = ((journal, ROWS_PER_GROUP * journal.whole // total) for journal in journals)
        piece = [(journal, journal.take(max(share, 1))) for journal, share in shares]
        piece = [(journal, rows) for journal, rows in piece if rows.size]
        if not piece:
            return
        yield piece


def _table(piece: list[tuple[npt.NDArray[Any], JournalReader, int]], methods: list[str]) -> pa.Table:
    """Return rows as a table in the order of their intended starts."""
    rows = np.concatenate([part for part, _, _ in piece])
    times = np.concatenate([(part["intended_ns"] - zero_ns) // 1000 for part, _, zero_ns in piece])
    method = np.concatenate([_methods(part, journal, methods) for part, journal, _ in piece])
    worker = np.concatenate([np.full(part.size, journal.worker, np.uint16) for part, journal, _ in piece])
    order = np.argsort(times, kind="stable")
    rows = rows[order]
    columns = {field.name: column(rows[field.name], field.type) for field in COLUMNS if field.name in _AS_THEY_ARE}
    columns |= {
        "intended_us": column(times[order], pa.int64()),
        "life_ms": column(rows["life_ms"], pa.int32(), rows["life_ms"] != NO_LIFE),
        "flags": column(rows["flags"] & 0x0F, pa.uint8()),
        "kind": words(rows["kind"], [kind.name for kind in RowKind]),
        "origin": words(rows["origin"], [origin.name for origin in Origin]),
        "cause": words(rows["cause"], [cause.name for cause in Cause]),
        "method": words(method[order], methods, pa.int32()),
        "worker": column(worker[order], pa.uint16()),
    }
    return pa.Table.from_arrays([columns[name] for name in COLUMNS.names], schema=COLUMNS)


def _methods(rows: npt.NDArray[Any], journal: JournalReader, methods: list[str]) -> npt.NDArray[np.int32]:
    """Return the merged file's index of each row's method; a name that was not written down is made up."""
    places = {name: place for place, name in enumerate(methods)}
    highest = int(rows["method"].max(initial=0))
    names = [*journal.names, *(f"method {index}" for index in range(len(journal.names), highest + 1))]
    for name in names:
        if name not in places:
            places[name] = len(methods)
            methods.append(name)
    found: npt.NDArray[np.int32] = np.array([places[name] for name in names], np.int32)[rows["method"]]
    return found


def _merge_traces(run: Path, zero_ns: int, offsets: Mapping[int, int]) -> None:
    """Write ``auth.ndjson`` in time order, with times in seconds from zero."""
    traces = [_trace(path, zero_ns, offsets) for path in sorted(run.glob("auth-*.ndjson"))]
    if not traces:
        return
    with replaced(run / "auth.ndjson") as temporary, temporary.open("w", encoding="utf-8") as out:
        for line in heapq.merge(*traces, key=lambda line: line["t_s"]):
            out.write(json.dumps(line) + "\n")


def _trace(path: Path, zero_ns: int, offsets: Mapping[int, int]) -> Iterator[dict[str, Any]]:
    for line in read_lines(path):
        at_ns = line.pop("at_ns", None)
        if isinstance(at_ns, int):
            offset = offsets.get(line.get("worker", 0), 0)
            yield {"t_s": round((at_ns - offset - zero_ns) / 1e9, 6), **line}
