"""Client clock: the callers' own clock is wrong, so that they renew too early or too late.

The generator's clock is never moved: only the decisions about tokens see another time.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

from harness.faults.per_call import CallFault
from harness.validation import not_zero


@dataclass(frozen=True)
class ClientClockSkew(CallFault):
    """Show clients a clock that is ``skew_s`` seconds ahead (behind, where negative)."""

    partial: ClassVar[bool] = True
    skew_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"clocks of the clients are {abs(self.skew_s):g} s {'ahead' if self.skew_s > 0 else 'behind'}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return not_zero("client_clock_skew", skew_s=self.skew_s)

    def on_clock(self, now_s: float, since_s: float) -> float:
        """Return the clock that the client sees."""
        del since_s
        return now_s + self.skew_s


@dataclass(frozen=True)
class ClientClockDrift(CallFault):
    """Let the clients' clocks gain ``rate_ppm`` millionths from the fault's start on."""

    partial: ClassVar[bool] = True
    rate_ppm: float

    def text(self) -> str:
        """Return the line for people."""
        return f"clocks of the clients drift by {self.rate_ppm:+g} ppm"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return not_zero("client_clock_drift", rate_ppm=self.rate_ppm)

    def shortened(self, factor: float) -> "ClientClockDrift":
        """Return the rate that gains as much in the shorter time."""
        return replace(self, rate_ppm=self.rate_ppm / factor)

    def on_clock(self, now_s: float, since_s: float) -> float:
        """Return the clock that the client sees; ``since_s`` is the time since the fault's start."""
        return now_s + since_s * self.rate_ppm / 1e6
