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

A piece is a stretch of at most 5 s between two edges of `harness.phases.pieces`, by its number.
``cell`` is a cell of `harness.histogram` in microseconds, and the second of life left for ``life``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from harness.errors import RecordError
from harness.histogram import CELLS, Ints
from harness.summary import SCHEMA

NAME = "series.parquet"
BIN_S = 5
"""Length of a histogram's bin."""

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
            _words(np.zeros(keys.size, np.int64), [series]),
            _words(phase, self.phases),
            _words(method, self.methods),
            _words(key, self.keys),
            pa.array((at_s - OFFSET).astype(np.int32)),
            pa.array((cell - OFFSET).astype(np.int32)),
            pa.array(counts),
        ]
        return pa.table(columns, schema=_SCHEMA)

    def groups(self, keys: Ints) -> tuple[Ints, Ints]:
        """Return the (phase, method, key) place and the cell of packed keys."""
        return keys // (2 * CELLS) // _TIMES, keys % (2 * CELLS) - OFFSET

    def place(self, group: int) -> tuple[int, int, int]:
        """Return phase, method and key of a place."""
        rest, key = divmod(group, len(self.keys))
        phase, method = divmod(rest, len(self.methods))
        return phase, method, key


def _words(indices: Ints, names: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(indices.astype(np.int16)), pa.array(list(names), pa.string()))


def write_series(run: Path, tables: Iterable[pa.Table]) -> None:
    """Write ``series.parquet``, one table after another, whole or not at all."""
    temporary = run / f"{NAME}.tmp"
    with pq.ParquetWriter(temporary, _SCHEMA, compression="zstd") as writer:
        for table in tables:
            writer.write_table(table)
    temporary.replace(run / NAME)


def read_series(run: Path) -> pd.DataFrame:
    """Read ``series.parquet`` into a frame with the columns `COLUMNS`.

    Raises `RecordError` where it is missing or damaged.
    """
    try:
        table = pq.read_table(run / NAME).unify_dictionaries()
        frame: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    except (OSError, pa.ArrowException) as error:
        raise RecordError(f"{run} has no readable {NAME}; make it with jwtstorm report {run}") from error
    return frame


def of(series: pd.DataFrame, name: str, **wanted: str) -> pd.DataFrame:
    """Return one series' rows, narrowed to given values of ``phase``, ``method`` or ``key``."""
    mask = series["series"] == name
    for column, value in wanted.items():
        mask &= series[column] == value
    return series[mask]
