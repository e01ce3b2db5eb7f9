"""The movable clock of a child, as its control port moves and tells it."""

import math
from typing import Any

from harness.clock import SkewedClock, monotonic_ns

_MOST = 1e12


class ChaosClock(SkewedClock):
    """A wall clock that tells what was done to it."""

    rate_ppm = 0.0

    def order(self, skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        """Move the clock for a command; raises ValueError where a number is none."""
        skew_s, rate_ppm = number("skew_s", skew_s), number("rate_ppm", rate_ppm)
        self.move(skew_s, rate_ppm)
        self.rate_ppm = rate_ppm
        return {"at_ns": monotonic_ns(), "skew_s": skew_s, "rate_ppm": rate_ppm}

    def state(self) -> dict[str, float]:
        """Return what the clock shows, and when it was read."""
        return {
            "offset_s": self.offset_s(),
            "rate_ppm": self.rate_ppm,
            "wall_s": self(),
            "at_ns": monotonic_ns(),
        }


def number(name: str, value: object, least: float = -math.inf) -> float:
    """Return a finite number of a command, not under ``least``; raises ValueError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _MOST:
        raise ValueError(f"{name} is no number from -{_MOST:g} to {_MOST:g}")
    if value < least:
        raise ValueError(f"{name}={value:g} is under {least:g}")
    return float(value)
