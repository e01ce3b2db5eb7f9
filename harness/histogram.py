"""A log-linear histogram of microseconds: 256 cells an octave, so the error is at most 0.2 %.

Cell of v: v itself below 512, above that the top nine bits of v and how far they were shifted (the
layout of HdrHistogram). Merging is adding, and exact. Sparse counts are two arrays, sorted cells
or packed keys (int64) and their counts (int64), and `Counts` gathers them in bounded memory.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

LOOSE = 1 << 17
"""Keys that may wait to be merged, however few are held."""

CELL_BITS = 8
CELLS = 1 << 14
"""More cells than any int64 below 2**53 needs, as a power of two for packing keys."""

MAX_VALUE = (1 << 53) - 1
"""Largest value: up to here a float64 tells the octave exactly."""


def cell_of(values: npt.NDArray[np.integer]) -> Ints:
    """Return the cells of values (shape (n,), microseconds); negative ones count as 0."""
    clipped = np.clip(values.astype(np.int64), 0, MAX_VALUE)
    octave = np.frexp(clipped.astype(np.float64))[1].astype(np.int64) - 1
    shift = np.maximum(octave - CELL_BITS, 0)
    cells: Ints = (shift << CELL_BITS) + (clipped >> shift)
    return cells


def value_of(cells: Ints) -> npt.NDArray[np.float64]:
    """Return the middle of cells (shape (n,)), in microseconds."""
    shift = np.maximum((cells >> CELL_BITS) - 1, 0)
    low = (cells - (shift << CELL_BITS)) << shift
    middle: npt.NDArray[np.float64] = low + ((1 << shift) - 1) / 2
    return middle


def quantiles(cells: Ints, counts: Ints, wanted: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return quantiles by nearest rank: the smallest value that a share q of the counts does not exceed.

    ``cells`` are sorted; the result is in microseconds, NaN where there are no counts.
    """
    shares = np.atleast_1d(np.asarray(wanted, dtype=np.float64))
    if not counts.size:
        return np.full(shares.shape, np.nan)
    below = np.cumsum(counts)
    ranks = np.clip(np.ceil(shares * below[-1] - 1e-9), 1, below[-1])
    return value_of(cells[np.searchsorted(below, ranks)])


def add(keys: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Return sorted distinct keys with the sum of their counts."""
    if not keys.size:
        return keys, counts
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    return ordered[starts], np.add.reduceat(counts[order], starts)


class Counts:
    """Sparse counts by packed key, gathered piece by piece.

    Loose pieces are merged into what is held when they outgrow a quarter of it, so memory follows
    the distinct keys and not the values counted.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._counts = np.empty(0, np.int64)
        self._pieces: list[tuple[Ints, Ints]] = []
        self._loose = 0

    def count(self, keys: Ints) -> None:
        """Count each key once (shape (n,), any order)."""
        distinct, counts = np.unique(keys, return_counts=True)
        self._pieces.append((distinct, counts.astype(np.int64)))
        self._loose += distinct.size
        if self._loose > max(LOOSE, self._keys.size // 4):
            self._merge()

    def table(self) -> tuple[Ints, Ints]:
        """Return all keys, sorted, and their counts."""
        self._merge()
        return self._keys, self._counts

    def _merge(self) -> None:
        if not self._pieces:
            return
        keys, counts = add(*(np.concatenate(column) for column in zip(*self._pieces, strict=True)))
        self._pieces, self._loose = [], 0
        places = np.searchsorted(self._keys, keys)
        known = np.zeros(keys.size, bool)
        inside = places < self._keys.size
        known[inside] = self._keys[places[inside]] == keys[inside]
        self._counts[places[known]] += counts[known]
        if not known.all():
            self._keys = np.insert(self._keys, places[~known], keys[~known])
            self._counts = np.insert(self._counts, places[~known], counts[~known])
