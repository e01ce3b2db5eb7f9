"""Tenths: the first pass over a run's rows counts its final calls by tenths of a second from zero."""

import numpy as np

from harness.chunks import Chunk
from harness.histogram import CELLS, Counts, Ints, cell_of, quantiles
from harness.phases import TENTHS, Baseline, Due, DueIn

_TENTH_US = 1_000_000 // TENTHS


class Tenths:
    """Final calls of each tenth of a second, with the response times of those that succeeded."""

    def __init__(self) -> None:
        self.last_s = -1.0
        self._calls = Counts()
        self._failed = Counts()
        self._times = Counts()

    def count(self, chunk: Chunk) -> None:
        """Count one chunk."""
        finals = chunk.finals()
        if not finals.size:
            return
        tenth = finals.at_us // _TENTH_US
        self.last_s = max(self.last_s, float(finals.at_us.max()) / 1e6)
        self._calls.count(tenth)
        self._failed.count(tenth[~finals.ok])
        self._times.count(tenth[finals.ok] * CELLS + cell_of(finals.response_us[finals.ok]))

    def after_last_s(self, planned_s: float) -> float:
        """Return a moment after the last call that was due, but within the plan; 0 without one."""
        return min(max(self.last_s + 1e-6, 0.0), planned_s)

    def due_in(self, slow_s: float) -> DueIn:
        """Return how to ask what was due in some tenths; calls above ``slow_s`` count as slow."""
        places, calls = self._calls.table()
        if not places.size:
            return lambda _tenth, _size: Due()
        first, size = int(places[0]), int(places[-1] - places[0]) + 1
        times, succeeded = self._times.table()
        slow = times % CELLS > cell_of(np.array([min(slow_s * 1e6, 1e15)]))[0]
        columns = ((places, calls), self._failed.table(), (times[slow] // CELLS, succeeded[slow]))
        below = [_running_sum(keys - first, counts, size) for keys, counts in columns]

        def found(tenth: int, tenths: int) -> Due:
            begin, end = (min(max(edge - first, 0), size) for edge in (tenth, tenth + tenths))
            return Due(*(int(sums[end] - sums[begin]) for sums in below))

        return found

    def baseline(self, limit: float, first_s: float | None, ended_s: float, warm_up_s: float) -> Baseline:
        """Return what calls were like before the first fault.

        That is from zero on, or the last third of the warm-up where the fault came within 3 s.
        """
        until_s = ended_s if first_s is None else first_s
        if until_s >= 3:
            return self._baseline(limit, 0, int(until_s), "steady calls before the first fault")
        return self._baseline(limit, -max(int(warm_up_s / 3), 1), 0, "last third of the warm-up")

    def _baseline(self, limit: float, from_s: int, until_s: int, source: str) -> Baseline:
        keys, counts = self._times.table()
        mask = (keys >= from_s * TENTHS * CELLS) & (keys < until_s * TENTHS * CELLS)
        cells, total = np.unique(keys[mask] % CELLS, return_inverse=True)
        summed = np.bincount(total, weights=counts[mask]).astype(np.int64)
        value = float(quantiles(cells, summed, 0.99)[0]) / 1e6 if cells.size else None
        return Baseline(limit, value, int(summed.sum()), source)


def _running_sum(places: Ints, counts: Ints, size: int) -> Ints:
    """Return how many lie before each place (shape (size + 1,))."""
    sums = np.zeros(size + 1, np.int64)
    np.add.at(sums, places + 1, counts)
    total: Ints = np.cumsum(sums)
    return total
