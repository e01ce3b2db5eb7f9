"""Slow close: the end of a connection arrives late."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import not_negative


@dataclass(frozen=True)
class SlowClose(ToxicFault):
    """Tell the receiver ``delay_s`` seconds late that a connection of a link has ended; data is on time.

    ``toward`` is ``downstream`` (the client learns late, the default) or ``upstream``.
    """

    kind: ClassVar[str] = "slow_close"
    delay_s: float
    toward: str = "downstream"

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link ends its connections {self.delay_s:g} s late {self.toward}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("slow_close") + not_negative("slow_close", delay_s=self.delay_s)

    def direction(self) -> str:
        """Return which stream ends late."""
        return self.toward

    def attributes(self) -> dict[str, int]:
        """Return whole milliseconds, which is what Toxiproxy takes."""
        return {"delay": round(self.delay_s * 1e3)}
