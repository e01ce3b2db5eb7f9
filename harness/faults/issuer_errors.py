"""Issuer errors: the token endpoint answers with an HTTP error."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch


@dataclass(frozen=True)
class IssuerErrors(Switch):
    """The token endpoint answers every request with ``status``: 503 is an outage, 401 a client that was removed."""

    action: ClassVar[str] = "set_errors"
    rest: ClassVar[Mapping[str, Any]] = {"status": None}
    thing: ClassVar[str] = "answers"
    status: int = 503

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer answers {self.status} to token requests"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        if type(self.status) is int and 400 <= self.status <= 599:
            return []
        return [f"issuer_errors: status={self.status!r} is no HTTP error; give 400 to 599"]

    def arguments(self) -> dict[str, Any]:
        """Return the status."""
        return {"status": self.status}

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return the status that the issuer was told to answer."""
        return {"status": state["error_status"]}
