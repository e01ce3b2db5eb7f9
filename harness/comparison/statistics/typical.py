"""The typical p99: the median, over short windows, of each window's p99. Rare stalls do not move it."""

import numpy as np

from harness.results.histogram import Ints, add, quantiles

QUANTILE = 0.99
LEAST_CALLS = 500
"""A window's p99 needs five slower calls; shorter windows are joined with the next."""


def typical_p99_s(at_s: Ints, cells: Ints, counts: Ints) -> float | None:
    """Return the median of the windows' p99, in seconds; None without a window of enough calls.

    The arguments are histogram rows, shape (n,): the start of the bin, the cell in microseconds,
    the count. A window is one bin, or as many in a row as hold `LEAST_CALLS`; a rest is left out.
    """
    found: list[float] = []
    waiting: list[tuple[Ints, Ints]] = []
    held = 0
    for start in np.unique(at_s):
        mask = at_s == start
        waiting.append((cells[mask], counts[mask]))
        held += int(counts[mask].sum())
        if held >= LEAST_CALLS:
            found.append(_p99_us(waiting))
            waiting, held = [], 0
    return float(np.median(found)) / 1e6 if found else None


def _p99_us(pieces: list[tuple[Ints, Ints]]) -> float:
    cells = np.concatenate([piece[0] for piece in pieces])
    counts = np.concatenate([piece[1] for piece in pieces])
    return float(quantiles(*add(cells, counts), QUANTILE)[0])
