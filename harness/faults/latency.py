"""Latency: a link answers later."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import not_negative


@dataclass(frozen=True)
class Latency(ToxicFault):
    """Hold every chunk on a link back by ``delay_s`` ± ``jitter_s`` seconds.

    A chunk keeps its place: jitter delays what comes behind it too. ``toward`` is ``downstream``
    (answers, the default) or ``upstream`` (requests).
    """

    kind: ClassVar[str] = "latency"
    delay_s: float
    jitter_s: float = 0.0
    toward: str = "downstream"

    def text(self) -> str:
        """Return the line for people."""
        jitter = f" ± {self.jitter_s * 1e3:g}" if self.jitter_s else ""
        return f"{self.link} link answers {self.delay_s * 1e3:g}{jitter} ms later"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("latency") + not_negative("latency", delay_s=self.delay_s, jitter_s=self.jitter_s)

    def direction(self) -> str:
        """Return which stream is late."""
        return self.toward

    def attributes(self) -> dict[str, int]:
        """Return whole milliseconds, which is what Toxiproxy takes."""
        return {"latency": round(self.delay_s * 1e3), "jitter": round(self.jitter_s * 1e3)}
