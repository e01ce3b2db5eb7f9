"""A log-linear histogram of microseconds: 256 cells an octave, so the error is at most 0.2 %.

Cell of v: v itself below 512, above that the top nine bits of v and how far they were shifted (the
layout of HdrHistogram). Merging is adding, and exact. Sparse counts are two arrays, sorted cells
or packed keys (int64) and their counts (int64), and `Counts` gathers them in bounded memory.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

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

    Pieces are merged whenever they outgrow twice what is held, so memory follows the distinct
    keys and not the values counted.
    """

    def __init__(self) -> None:
        self._pieces: list[tuple[Ints, Ints]] = []
        self._loose = 0
        self._held = 1 << 16

    def count(self, keys: Ints) -> None:
        """Count each key once (shape (n,), any order)."""
        distinct, counts = np.unique(keys, return_counts=True)
        self._pieces.append((distinct, counts.astype(np.int64)))
        self._loose += distinct.size
        if self._loose > 2 * self._held:
            self._held = max(self._held, self.table()[0].size)

    def table(self) -> tuple[Ints, Ints]:
        """Return all keys, sorted, and their counts."""
        if not self._pieces:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        keys = np.concatenate([piece[0] for piece in self._pieces])
        merged = add(keys, np.concatenate([piece[1] for piece in self._pieces]))
        self._pieces = [merged]
        self._loose = 0
        return merged
