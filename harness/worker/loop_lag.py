"""The generator's own health: how late its event loop runs.

A loop that is 50 ms late makes every call look 50 ms slow; the report calls such a run invalid.
"""

from typing import NamedTuple

import gevent

from harness import clock

INTERVAL_S = 0.05


class LoopLag(NamedTuple):
    """Median, 99th percentile and maximum."""

    p50_s: float
    p99_s: float
    max_s: float


class LoopMeter:
    """Sleep, and keep by how much each sleep was too long; seconds."""

    def __init__(self) -> None:
        self._lags_s: list[float] = []
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self) -> None:
        """Begin to measure."""
        self._greenlet = gevent.spawn(self._run)

    def stop(self) -> LoopLag:
        """Return by how much sleeps were too long."""
        if self._greenlet is not None:
            self._greenlet.kill()
        lags_s = sorted(self._lags_s) or [0.0]
        return LoopLag(lags_s[len(lags_s) // 2], lags_s[int(len(lags_s) * 0.99)], lags_s[-1])

    def _run(self) -> None:
        while True:
            start_s = clock.monotonic()
            gevent.sleep(INTERVAL_S)
            self._lags_s.append(max(0.0, clock.monotonic() - start_s - INTERVAL_S))
