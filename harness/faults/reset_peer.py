"""Reset peer: connections of a link are cut."""

from dataclasses import dataclass
from typing import ClassVar

from harness.faults.toxic import ToxicFault
from harness.validation import not_negative


@dataclass(frozen=True)
class ResetPeer(ToxicFault):
    """Cut each connection ``after_s`` seconds from its first byte, again and again."""

    kind: ClassVar[str] = "reset_peer"
    after_s: float = 0.0

    def text(self) -> str:
        """Return the line for people."""
        return f"{self.link} link resets its connections" + (f" after {self.after_s:g} s" if self.after_s else "")

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return self.link_mistakes("reset_peer") + not_negative("reset_peer", after_s=self.after_s)

    def attributes(self) -> dict[str, int]:
        """Return whole milliseconds, which is what Toxiproxy takes."""
        return {"timeout": round(self.after_s * 1e3)}
