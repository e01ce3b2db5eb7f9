"""Blackhole: a link swallows everything and says nothing."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault


@dataclass(frozen=True)
class Blackhole(ToxicFault):
    """Drop every byte toward the client while connections stay open: only deadlines end a call.

    Its end cuts the connections it touched, as Toxiproxy does when a time-out toxic is removed: calls
    in flight on them fail at that moment with *connection lost*, and clients connect anew.
    """

    kind: ClassVar[str] = "timeout"

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link swallows all answers"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("blackhole")

    def attributes(self) -> dict[str, int]:
        """Return a time-out of 0, which never closes."""
        return {"timeout": 0}
