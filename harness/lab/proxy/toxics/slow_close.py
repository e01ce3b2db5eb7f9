"""Slow close: the end of a connection arrives late."""

from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import Toxic, attribute


@dataclass(frozen=True)
class SlowClose(Toxic, kind="slow_close"):
    """Leave data alone, and tell the receiver ``delay`` ms late that no more will come."""

    delay_ms: int = attribute("delay", "ms")

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "SlowCloseStage":
        """Return the slow door of one direction."""
        return SlowCloseStage(self, dice, budget, now_s)


class SlowCloseStage(Stage[SlowClose]):
    """A door that shuts slowly; a reset does not use it."""

    def put(self, item: Item, now_s: float) -> None:
        """Accept an item, and note when an ending came."""
        super().put(Item(now_s, item.load) if isinstance(item.load, Ending) else item, now_s)

    def due_s(self) -> float:
        """Return when the ending at the head may pass; data may at once."""
        if not self._held:
            return NEVER_S
        stamp_s, load = self._held[0]
        slow = load in {Ending.EOF, Ending.CLOSE}
        return stamp_s + self.toxic.delay_ms / 1e3 if slow else -NEVER_S
