"""Bandwidth: each connection gets so many bytes per second."""

from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import MOST_BYTES, Toxic, attribute

SLICE_S = 0.1
"""How much of a second is handed on at once, at most."""
CATCH_UP_S = 0.1
"""How far behind its schedule a direction may be and still catch up."""


@dataclass(frozen=True)
class Bandwidth(Toxic, kind="bandwidth"):
    """Let ``rate`` KB/s through (1 KB = 1000 B) per connection and direction; 0 lets nothing through.

    Nothing is queued beyond one read: the sender feels the back-pressure.
    """

    rate_kb_per_s: int = attribute("rate", "KB/s", MOST_BYTES)

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "BandwidthStage":
        """Return the narrow pipe of one direction."""
        return BandwidthStage(self, dice, budget, now_s)


class BandwidthStage(Stage[Bandwidth]):
    """A pipe that one slice occupies for as long as the slice takes to send."""

    def __init__(self, toxic: Bandwidth, dice: Random, budget: Budget, now_s: float) -> None:
        super().__init__(toxic, dice, budget, now_s)
        self._free_s = now_s

    def take(self, now_s: float) -> Item | None:
        """Return the next slice when its last byte would have arrived."""
        due_s = self.due_s()
        if due_s > now_s:
            return None
        item = self._release()
        if isinstance(item.load, Ending):
            return item
        self._free_s = max(due_s, now_s - CATCH_UP_S)
        size = self._slice_bytes()
        if len(item.load) > size:
            self._put_back(Item(item.stamp_s, item.load[size:]))
        return Item(max(item.stamp_s, due_s), item.load[:size])

    def due_s(self) -> float:
        """Return when the next slice has been sent; an ending leaves behind the last one."""
        if not self._held:
            return NEVER_S
        stamp_s, load = self._held[0]
        if isinstance(load, Ending):
            return stamp_s
        if self.toxic.rate_kb_per_s <= 0:
            return NEVER_S
        size = min(len(load), self._slice_bytes())
        return max(stamp_s, self._free_s) + size / (self.toxic.rate_kb_per_s * 1e3)

    def change(self, toxic: Bandwidth, now_s: float) -> None:
        """Send what is held at the new rate, from now."""
        super().change(toxic, now_s)
        self._free_s = now_s

    def _slice_bytes(self) -> int:
        return max(1, round(self.toxic.rate_kb_per_s * 1e3 * SLICE_S))
