"""Issuer slow: tokens take long to come."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch
from harness.validation import positive


@dataclass(frozen=True)
class IssuerSlow(Switch):
    """The token endpoint waits ``delay_s`` before it answers: a brownout, not an outage."""

    action: ClassVar[str] = "set_delay"
    rest: ClassVar[Mapping[str, Any]] = {"delay_s": 0.0}
    thing: ClassVar[str] = "delay"
    delay_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer takes {self.delay_s:g} s per token"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("issuer_slow", delay_s=self.delay_s)

    def arguments(self) -> dict[str, Any]:
        """Return the delay."""
        return {"delay_s": self.delay_s}
