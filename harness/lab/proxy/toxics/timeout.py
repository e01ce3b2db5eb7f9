"""Timeout: nothing arrives, and after a silence the connection is closed."""

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import Toxic, attribute


@dataclass(frozen=True)
class Timeout(Toxic, kind="timeout"):
    """Drop every byte; close after ``timeout`` ms without data in this direction, never for 0.

    Each chunk starts the time anew, so steady traffic keeps the connection open. Bytes are lost,
    so removing the toxic closes the connections that it touched.
    """

    closes_when_removed: ClassVar[bool] = True
    timeout_ms: int = attribute("timeout", "ms")

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "TimeoutStage":
        """Return the black hole of one direction."""
        return TimeoutStage(self, dice, budget, now_s)


class TimeoutStage(Stage[Timeout]):
    """A black hole with a clock; endings of the sender pass."""

    _closed = False

    def __init__(self, toxic: Timeout, dice: Random, budget: Budget, now_s: float) -> None:
        super().__init__(toxic, dice, budget, now_s)
        self._quiet_since_s = now_s

    def put(self, item: Item, now_s: float) -> None:
        """Drop data and note when it came."""
        if isinstance(item.load, Ending):
            self._hold(item)
        elif self.due_s() > now_s:
            self._quiet_since_s = now_s

    def take(self, now_s: float) -> Item | None:
        """Return an ending of the sender, or our own when the silence is over."""
        if self._held:
            self._closed = True
            return self._release()
        if self.due_s() > now_s:
            return None
        self._closed = True
        return Item(now_s, Ending.CLOSE)

    def due_s(self) -> float:
        """Return when the connection closes."""
        if self._held:
            return -NEVER_S
        if self._closed or self.toxic.timeout_ms <= 0:
            return NEVER_S
        return self._quiet_since_s + self.toxic.timeout_ms / 1e3

    def is_urgent(self) -> bool:
        """Return True: nothing but an ending ever leaves."""
        return True

    def change(self, toxic: Timeout, now_s: float) -> None:
        """Start the time anew."""
        super().change(toxic, now_s)
        self._quiet_since_s = now_s

    def drain(self) -> list[Item]:
        """Return a close: bytes were lost, and the stream cannot go on without them."""
        return [Item(self._quiet_since_s, Ending.CLOSE)]
