"""Series: ``series.parquet``, counts over time that pictures and comparing need instead of raw rows.

One long table. Histograms merge exactly by adding the counts of equal keys:

=============  ====================================================  ======================  ==========
series         counts                                                key                     at_s
=============  ====================================================  ======================  ==========
response       final calls by response time (``cell``) and phase     ``ok`` or ``failed``    start, 5 s
service        final calls by service time (``cell``) and phase      ``ok`` or ``failed``    start, 5 s
pieces         final calls that succeeded, by response time           ``ok``                  piece
lag            final calls by schedule lag (``cell``)                ``ours`` or ``busy``    start, 5 s
finals         final calls by method                                 cause                   start, 1 s
answered       final calls that were sent                            ``ok`` or ``failed``    end, 1 s
attempts       attempts                                              ``ok`` or ``failed``    start, 1 s
fetches        token fetches                                         cause                   start, 1 s
life           attempts by the token's whole seconds of life left    cause                   0
=============  ====================================================  ======================  ==========

A piece is a stretch of at most 5 s between two edges of `harness.analysis.phases.pieces`, by its number.
``cell`` is a cell of `harness.results.histogram` in microseconds, and the second of life left for ``life``.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import RecordError
from harness.files import replaced
from harness.results.arrow import column, words
from harness.results.histogram import CELLS, Ints
from harness.results.summary import SCHEMA

if TYPE_CHECKING:
    import pandas as pd  # a report without pictures needs none of it

NAME = "series.parquet"
BIN_S = 5
"""Length of a histogram's bin."""
SERIES = ("response", "service", "pieces", "lag", "finals", "answered", "attempts", "fetches", "life")
LONG = SERIES[:2]
"""Series with a row for each bin, phase, method and cell: nearly all of the file."""

COLUMNS = ("series", "phase", "method", "key", "at_s", "cell", "count")
_WORDS = pa.dictionary(pa.int16(), pa.string())
_SCHEMA = pa.schema(
    [(name, _WORDS) for name in COLUMNS[:4]] + [("at_s", pa.int32()), ("cell", pa.int32()), ("count", pa.int64())],
    metadata={"jwtstorm_schema": str(SCHEMA)},
)
OFFSET = 1 << 12
"""Added to times and to seconds of life before packing: they may be negative."""

_TIMES = 1 << 20


@dataclass(frozen=True)
class Packing:
    """How (phase, method, key, time, cell) becomes one int64, and back."""

    phases: Sequence[str]
    methods: Sequence[str]
    keys: Sequence[str]

    def pack(self, phase: int, method: Ints | int, key: Ints, at_s: Ints | int, cell: Ints | int) -> Ints:
        """Return packed keys (shape (n,))."""
        place = (phase * len(self.methods) + method) * len(self.keys) + key
        packed: Ints = (place * _TIMES + (at_s + OFFSET)) * (2 * CELLS) + (cell + OFFSET)
        return packed

    def phase_offset(self, phase: int) -> int:
        """Return what makes a key of the first phase one of this phase, by adding."""
        return phase * len(self.methods) * len(self.keys) * _TIMES * 2 * CELLS

    def table(self, series: str, keys: Ints, counts: Ints) -> pa.Table:
        """Return packed counts as a table of the series."""
        rest, cell = np.divmod(keys, 2 * CELLS)
        rest, at_s = np.divmod(rest, _TIMES)
        rest, key = np.divmod(rest, len(self.keys))
        phase, method = np.divmod(rest, len(self.methods))
        columns = [
            words(np.zeros(keys.size, np.int64), [series]),
            words(phase, self.phases),
            words(method, self.methods),
            words(key, self.keys),
            column(at_s - OFFSET, pa.int32()),
            column(cell - OFFSET, pa.int32()),
            column(counts, pa.int64()),
        ]
        return pa.Table.from_arrays(columns, schema=_SCHEMA)

    def groups(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the (phase, method, key) place and the cell of packed keys."""
        return keys // (2 * CELLS) // _TIMES, keys % (2 * CELLS) - OFFSET

    def place(self, group: int) -> tuple[int, int, int]:
        """Return phase, method and key of a place."""
        rest, key = divmod(group, len(self.keys))
        phase, method = divmod(rest, len(self.methods))
        return phase, method, key


def write_series(run: Path, tables: Iterable[pa.Table]) -> None:
    """Write ``series.parquet``, one table after another, whole or not at all."""
    with replaced(run / NAME) as temporary, pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)


def read_series(run: Path, *names: str, without: Sequence[str] = ()) -> "pd.DataFrame":
    """Read ``series.parquet`` into a frame with the columns `COLUMNS`: the series that are named, or all.

    Raises `RecordError` where it is missing or damaged.
    """
    wanted = [name for name in names or SERIES if name not in without]
    table = pa.concat_tables([_SCHEMA.empty_table(), *_groups_of(run, wanted, COLUMNS)]).unify_dictionaries()
    frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return frame


def read_histogram(run: Path, series: str, phase: str, key: str) -> tuple[Ints, Ints]:
    """Read one series of one phase, and return its cells and counts over all methods and times.

    Raises `RecordError` where the file is missing or damaged.
    """
    import pyarrow.compute as pc

    cells = np.zeros(2 * CELLS, np.int64)
    for table in _groups_of(run, [series], ("series", "phase", "key", "cell", "count")):
        wanted = pc.and_(pc.equal(table["phase"], phase), pc.equal(table["key"], key))
        found = table.select(["cell", "count"]).filter(wanted)
        np.add.at(cells, found["cell"].to_numpy(), found["count"].to_numpy())
    places = np.flatnonzero(cells)
    return places, cells[places]


def _groups_of(run: Path, names: Sequence[str], columns: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the row groups of some series, one at a time: each holds one series, or is an older file's mixture."""
    import pyarrow.compute as pc

    try:
        with pq.ParquetFile(run / NAME) as file:
            for place in range(file.num_row_groups):
                held = file.metadata.row_group(place).column(0).statistics
                known = held is not None and held.has_min_max
                if not known or any(held.min <= name <= held.max for name in names):
                    table = file.read_row_group(place, columns=[*columns], use_threads=False)
                    yield table.filter(pc.is_in(table["series"], pa.array(names, pa.string())))
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(run) from error


def _unreadable(run: Path) -> RecordError:
    return RecordError(f"{run} has no readable {NAME}; make it with jwtstorm report {run}")


def of(series: "pd.DataFrame", name: str, **wanted: str) -> "pd.DataFrame":
    """Return one series' rows, narrowed to given values of ``phase``, ``method`` or ``key``."""
    mask = series["series"] == name
    for field, value in wanted.items():
        mask &= series[field] == value
    return series[mask]
