"""Clocks: the only module that reads the wall clock.

Pacing and latency use the monotonic clock, claims the wall clock; one is never subtracted from
the other. A `SkewedClock` is a wall clock that chaos may move: it never touches the machine's.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

monotonic = time.monotonic
monotonic_ns = time.monotonic_ns
wall = time.time


def utc_now() -> datetime:
    """Return the present moment in UTC, from the machine's wall clock."""
    return datetime.now(UTC)


class SkewedClock:
    """A wall clock with a movable offset and a rate.

    ``skew_s`` is a constant offset, ``rate_ppm`` its growth in millionths since `move` was called.
    """

    def __init__(self, wall: Callable[[], float] = wall, monotonic: Callable[[], float] = monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._skew_s = 0.0
        self._rate_ppm = 0.0
        self._moved_s = monotonic()

    def __call__(self) -> float:
        """Return seconds since the epoch as this clock shows them."""
        return self._wall() + self.offset_s()

    def offset_s(self) -> float:
        """Return how far this clock is ahead of the machine's, in seconds."""
        return self._skew_s + self._rate_ppm * 1e-6 * (self._monotonic() - self._moved_s)

    def move(self, skew_s: float, rate_ppm: float = 0.0) -> None:
        """Set the offset at once, and let it grow by ``rate_ppm`` from now on."""
        self._skew_s = skew_s
        self._rate_ppm = rate_ppm
        self._moved_s = self._monotonic()


@dataclass
class ManualClock:
    """A clock that a test moves by hand; seconds."""

    now_s: float = 0.0

    def __call__(self) -> float:
        """Return the time that was set."""
        return self.now_s

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.now_s += seconds
