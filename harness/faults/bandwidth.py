"""Bandwidth: a link carries only so many bytes per second."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import whole


@dataclass(frozen=True)
class Bandwidth(ToxicFault):
    """Let ``kb_per_s`` thousand bytes per second through, on each connection of a link.

    One gRPC channel is one connection, so its calls share the rate. ``toward`` is ``downstream``
    (answers, the default) or ``upstream`` (requests). For no bytes at all, take `Blackhole`.
    """

    kind: ClassVar[str] = "bandwidth"
    kb_per_s: int
    toward: str = "downstream"

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link carries {self.kb_per_s} kB/s {self.toward} per connection"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("bandwidth") + whole("bandwidth", 1, kb_per_s=self.kb_per_s)

    def direction(self) -> str:
        """Return which stream is narrow."""
        return self.toward

    def attributes(self) -> dict[str, int]:
        """Return the rate in KB/s, 1 KB being 1000 B, which is what Toxiproxy takes."""
        return {"rate": self.kb_per_s}
