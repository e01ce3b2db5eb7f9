"""Slicer: data of a link arrives in small pieces."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import not_negative, whole


@dataclass(frozen=True)
class Slicer(ToxicFault):
    """Cut what a link carries into pieces of ``piece_bytes`` ± ``vary_bytes``, ``pause_s`` after each.

    ``toward`` is ``downstream`` (answers, the default) or ``upstream`` (requests).
    """

    kind: ClassVar[str] = "slicer"
    piece_bytes: int
    vary_bytes: int = 0
    pause_s: float = 0.0
    toward: str = "downstream"

    def text(self) -> str:
        """Return the line for people."""
        pause = f", {self.pause_s * 1e3:g} ms apart" if self.pause_s else ""
        return f"{self.link} link carries pieces of {self.piece_bytes} ± {self.vary_bytes} B {self.toward}{pause}"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings; other sizes crash Toxiproxy 2.12."""
        sizes = whole("slicer", 1, piece_bytes=self.piece_bytes) + whole("slicer", 0, vary_bytes=self.vary_bytes)
        if not sizes and self.vary_bytes > self.piece_bytes:
            sizes = [f"slicer: vary_bytes={self.vary_bytes} is over piece_bytes={self.piece_bytes}; give less"]
        return self.link_mistakes("slicer") + sizes + not_negative("slicer", pause_s=self.pause_s)

    def direction(self) -> str:
        """Return which stream is cut."""
        return self.toward

    def attributes(self) -> dict[str, int]:
        """Return bytes and whole microseconds, which is what Toxiproxy takes."""
        return {
            "average_size": self.piece_bytes,
            "size_variation": self.vary_bytes,
            "delay": round(self.pause_s * 1e6),
        }
