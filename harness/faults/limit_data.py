"""Limit data: connections of a link end after so many bytes."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import whole


@dataclass(frozen=True)
class LimitData(ToxicFault):
    """Close each connection of a link after ``limit_bytes``, so that clients connect again and again.

    0 closes it at the first byte. ``toward`` is ``downstream`` (answers, the default) or ``upstream``.
    """

    kind: ClassVar[str] = "limit_data"
    limit_bytes: int
    toward: str = "downstream"

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link closes each connection after {self.limit_bytes} B {self.toward}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("limit_data") + whole("limit_data", 0, limit_bytes=self.limit_bytes)

    def direction(self) -> str:
        """Return which stream is counted."""
        return self.toward

    def attributes(self) -> dict[str, int]:
        """Return the bytes, which is what Toxiproxy takes."""
        return {"bytes": self.limit_bytes}
