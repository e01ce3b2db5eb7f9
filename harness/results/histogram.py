"""A log-linear histogram of microseconds: 256 cells an octave, so the error is at most 0.2 %.

Cell of v: v itself below 512, above that the top nine bits of v and how far they were shifted (the
layout of HdrHistogram). Merging is adding, and exact. Sparse counts are two arrays, sorted cells
or packed keys (int64) and their counts (int64), and `SparseCounts` gathers them in bounded memory.
"""

import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

LOOSE = 1 << 17
"""Keys that may wait to be merged, however few are held."""
HELD = 1 << 18
"""Keys in memory before they go to a file."""
BLOCKS = 1 << 18
"""Keys that are read of all files together at once."""
_ROW_BYTES = 16

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


class SparseCounts:
    """Sparse counts by packed key, gathered piece by piece in bounded memory.

    Loose pieces are merged into what is held when they outgrow a quarter of it; what is held goes to
    a temporary file when it outgrows `HELD`, and `pieces` merges the files again. So memory follows
    neither the values counted nor the distinct keys.
    """

    def __init__(self) -> None:
        self._keys = np.empty(0, np.int64)
        self._counts = np.empty(0, np.int64)
        self._loose: list[tuple[Ints, Ints]] = []
        self._spilled: list[IO[bytes]] = []

    def count(self, keys: Ints) -> None:
        """Count each key once (shape (n,), any order)."""
        distinct, counts = np.unique(keys, return_counts=True)
        self.add(distinct, counts.astype(np.int64))

    def add(self, keys: Ints, counts: Ints) -> None:
        """Add counts to keys, both of shape (n,), in any order."""
        self._loose.append((keys, counts))
        if sum(piece[0].size for piece in self._loose) > max(LOOSE, self._keys.size // 4):
            self._merge()
            if self._keys.size > HELD:
                self._spill()

    def table(self) -> tuple[Ints, Ints]:
        """Return all keys, sorted, and their counts."""
        pieces = [*self.pieces()]
        return np.concatenate([piece[0] for piece in pieces]), np.concatenate([piece[1] for piece in pieces])

    def pieces(self) -> Iterator[tuple[Ints, Ints]]:
        """Yield what `table` returns in pieces, one at least."""
        self._merge()
        if not self._spilled:
            yield self._keys, self._counts
            return
        if self._keys.size:
            self._spill()
        places, size = [0] * len(self._spilled), max(BLOCKS // len(self._spilled), 1)
        while blocks := [(file, block) for file, at in enumerate(places) if (block := self._read(file, at, size)).size]:
            edge = min(block[-1, 0] for _, block in blocks)
            parts = [(file, block[: np.searchsorted(block[:, 0], edge, side="right")]) for file, block in blocks]
            for file, part in parts:
                places[file] += len(part)
            rows = np.concatenate([part for _, part in parts])
            yield add(rows[:, 0], rows[:, 1])

    def _merge(self) -> None:
        if not self._loose:
            return
        keys, counts = add(*(np.concatenate(column) for column in zip(*self._loose, strict=True)))
        self._loose = []
        places = np.searchsorted(self._keys, keys)
        known = np.zeros(keys.size, bool)
        inside = places < self._keys.size
        known[inside] = self._keys[places[inside]] == keys[inside]
        self._counts[places[known]] += counts[known]
        if not known.all():
            self._keys = np.insert(self._keys, places[~known], keys[~known])
            self._counts = np.insert(self._counts, places[~known], counts[~known])

    def _spill(self) -> None:
        file = TemporaryFile()  # noqa: SIM115 - it lives as long as the counts
        weakref.finalize(self, file.close)
        np.stack([self._keys, self._counts], axis=1).tofile(file)
        self._spilled.append(file)
        self._keys, self._counts = np.empty(0, np.int64), np.empty(0, np.int64)

    def _read(self, place: int, start: int, size: int) -> Ints:
        """Return up to ``size`` rows of a file from a row on: keys and counts, shape (n, 2)."""
        file = self._spilled[place]
        file.seek(start * _ROW_BYTES)
        found: Ints = np.fromfile(file, np.int64, 2 * size).reshape(-1, 2)
        return found
