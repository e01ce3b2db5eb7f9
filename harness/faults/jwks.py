"""Faults of the published key set: it is down, empty, or slow to come.

Tokens are minted as before; only verifiers that ask for keys notice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.faults.switch import Switch
from harness.validation import one_of, positive

ANSWERS = ("error", "html")


class KeySetAnswer(Switch, registered=False):
    """What the three share: the control of the issuer's JWKS endpoint."""

    action: ClassVar[str] = "set_jwks"
    rest: ClassVar[Mapping[str, Any]] = {"answer": None, "delay_s": 0.0}
    thing: ClassVar[str] = "key set"

    def shown(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """Return how the key set is served."""
        return dict(state["jwks"])


@dataclass(frozen=True)
class JwksDown(KeySetAnswer):
    """The key set cannot be had: the endpoint answers 503, or a page of HTML with 200 where ``answer`` is ``html``."""

    answer: str = "error"

    def text(self) -> str:
        """Return the line for people."""
        return "key set cannot be had" + (" (a page of HTML instead)" if self.answer == "html" else " (503)")

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return one_of("jwks_down", "answer", self.answer, ANSWERS)

    def arguments(self) -> dict[str, Any]:
        """Return the answer in place of the keys."""
        return {"answer": self.answer, "delay_s": 0.0}


@dataclass(frozen=True)
class JwksEmpty(KeySetAnswer):
    """The key set is a valid one without a key in it, as after a half-finished deployment."""

    def text(self) -> str:
        """Return the line for people."""
        return "key set is empty"

    def arguments(self) -> dict[str, Any]:
        """Return the answer in place of the keys."""
        return {"answer": "empty", "delay_s": 0.0}


@dataclass(frozen=True)
class JwksSlow(KeySetAnswer):
    """The key set takes ``delay_s`` to come."""

    delay_s: float

    def text(self) -> str:
        """Return the line for people."""
        return f"key set takes {self.delay_s:g} s to come"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        return positive("jwks_slow", delay_s=self.delay_s)

    def arguments(self) -> dict[str, Any]:
        """Return the delay."""
        return {"answer": None, "delay_s": self.delay_s}
