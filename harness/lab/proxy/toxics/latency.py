"""Latency: everything arrives later, in order."""

from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import LONG_HOLD_BYTES, NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import Toxic, attribute


@dataclass(frozen=True)
class Latency(Toxic, kind="latency"):
    """Hold each read back by ``latency`` ± ``jitter`` ms, the time already spent deducted.

    A late read holds up what comes behind it; an ending waits for the data before it and no longer.
    """

    latency_ms: int = attribute("latency", "ms")
    jitter_ms: int = attribute("jitter", "ms")

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "LatencyStage":
        """Return the queue of one direction."""
        return LatencyStage(self, dice, budget, now_s)

    def draw_s(self, dice: Random) -> float:
        """Return one delay, in whole ms from ``latency - jitter`` up to, without, ``latency + jitter``."""
        swing = dice.randrange(2 * self.jitter_ms) - self.jitter_ms if self.jitter_ms > 0 else 0
        return (self.latency_ms + swing) / 1e3


class LatencyStage(Stage[Latency]):
    """A queue whose head leaves when it is due."""

    hold_bytes = LONG_HOLD_BYTES
    _head_due_s: float | None = None

    def take(self, now_s: float) -> Item | None:
        """Return the head once it is due, stamped with its due time so that delays in a chain add up."""
        due_s = self.due_s()
        if due_s > now_s:
            return None
        self._head_due_s = None
        item = self._release()
        return Item(max(due_s, item.stamp_s), item.load)

    def due_s(self) -> float:
        """Return when the head leaves; its delay is drawn when it becomes the head."""
        if not self._held:
            return NEVER_S
        if self._head_due_s is None:
            stamp_s, load = self._held[0]
            self._head_due_s = stamp_s if isinstance(load, Ending) else stamp_s + self.toxic.draw_s(self.dice)
        return self._head_due_s

    def change(self, toxic: Latency, now_s: float) -> None:
        """Follow the new delay, for what is held too."""
        super().change(toxic, now_s)
        self._head_due_s = None

    def discard(self) -> None:
        """Forget everything held."""
        super().discard()
        self._head_due_s = None
