"""Issuer rate limit: more than so many token requests per second are turned away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch
from harness.validation import positive, whole


@dataclass(frozen=True)
class IssuerRateLimit(Switch):
    """The token endpoint grants ``per_s`` requests a second; the rest get 429 with Retry-After ``retry_after_s``.

    Up to one second's worth may come at once. Source: RFC 6585, section 4.
    """

    action: ClassVar[str] = "set_rate_limit"
    rest: ClassVar[Mapping[str, Any]] = {"per_s": None}
    thing: ClassVar[str] = "rate limit"
    per_s: float
    retry_after_s: int = 1

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer grants {self.per_s:g} token requests a second and answers 429 to the rest"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = positive("issuer_rate_limit", per_s=self.per_s)
        return found + whole("issuer_rate_limit", 0, retry_after_s=self.retry_after_s)

    def arguments(self) -> dict[str, Any]:
        """Return the limit and what the refused are told."""
        return {"per_s": self.per_s, "retry_after_s": self.retry_after_s}

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the limit in force."""
        return dict(state["rate_limit"])
