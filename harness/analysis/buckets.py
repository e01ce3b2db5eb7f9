"""Tenths: final calls by tenths of a second from zero, from which the phases follow.

What was slow is told only when the baseline is known, and holding every tenth's times until then
would take memory for every call. So the rows are read twice: `Tenths.count` gathers the times of the
baseline alone, and once it is known, `Tenths.count_slow` counts the calls beyond its limit.
"""

import numpy as np

from harness.analysis.columns import Finals
from harness.analysis.phases import TENTHS, Baseline, Due, DueIn
from harness.results.histogram import Ints, SparseCounts, cell_of, quantiles

_TENTH_US = 1_000_000 // TENTHS
_LEAST_S = 3
"""A fault that comes sooner leaves too little before it for a baseline."""


class Tenths:
    """Final calls of each tenth of a second; the baseline ends with the first fault, where there is one."""

    def __init__(self, first_fault_s: float | None, warm_up_s: float) -> None:
        self.last_s = -1.0
        self._first_fault_s = first_fault_s
        self._before_us = np.inf if first_fault_s is None else int(first_fault_s) * 1_000_000
        self._first_fault_us = np.inf if first_fault_s is None else first_fault_s * 1e6
        self._warm_us = -max(int(warm_up_s / 3), 1) * 1_000_000
        self._calls, self._failed, self._slow = SparseCounts(), SparseCounts(), SparseCounts()
        self._early, self._warm = SparseCounts(), SparseCounts()
        """Response times, by cell: before the first fault, and in the last third of the warm-up."""

    def count(self, calls: Finals) -> None:
        """Count some calls."""
        if not calls.at_us.size:
            return
        tenth = calls.at_us // _TENTH_US
        self.last_s = max(self.last_s, float(calls.at_us.max()) / 1e6)
        self._calls.count(tenth)
        self._failed.count(tenth[~calls.ok])
        untouched = calls.ok & (calls.at_us + calls.response_us <= self._first_fault_us)
        for counts, from_us, until_us in ((self._early, 0, self._before_us), (self._warm, self._warm_us, 0)):
            inside = untouched & (calls.at_us >= from_us) & (calls.at_us < until_us)
            if inside.any():
                counts.count(cell_of(calls.response_us[inside]))

    def count_slow(self, calls: Finals, slow_s: float) -> None:
        """Count which of some calls succeeded and took longer than ``slow_s``."""
        slow = calls.ok & (calls.response_us > slow_s * 1e6)
        self._slow.count(calls.at_us[slow] // _TENTH_US)

    def after_last_s(self, planned_s: float) -> float:
        """Return a moment after the last call that was due, but within the plan; 0 without one."""
        return min(max(self.last_s + 1e-6, 0.0), planned_s)

    def due_in(self) -> DueIn:
        """Return how to ask what was due in some tenths."""
        places, calls = self._calls.table()
        if not places.size:
            return lambda _tenth, _size: Due()
        first, size = int(places[0]), int(places[-1] - places[0]) + 1
        columns = ((places, calls), self._failed.table(), self._slow.table())
        below = [_running_sum(keys - first, counts, size) for keys, counts in columns]

        def found(tenth: int, tenths: int) -> Due:
            begin, end = (min(max(edge - first, 0), size) for edge in (tenth, tenth + tenths))
            return Due(*(int(sums[end] - sums[begin]) for sums in below))

        return found

    def baseline(self, limit: float, ended_s: float) -> Baseline:
        """Return what calls were like before the first fault.

        That is from zero on, or the last third of the warm-up where the fault came within 3 s.
        """
        until_s = ended_s if self._first_fault_s is None else self._first_fault_s
        early = until_s >= _LEAST_S
        cells, counts = (self._early if early else self._warm).table()
        source = "steady calls before the first fault" if early else "last third of the warm-up"
        p99_s = float(quantiles(cells, counts, 0.99)[0]) / 1e6 if cells.size else None
        return Baseline(limit, p99_s, int(counts.sum()), source)


def _running_sum(places: Ints, counts: Ints, size: int) -> Ints:
    """Return how many lie before each place (shape (size + 1,))."""
    sums = np.zeros(size + 1, np.int64)
    np.add.at(sums, places + 1, counts)
    total: Ints = np.cumsum(sums)
    return total
