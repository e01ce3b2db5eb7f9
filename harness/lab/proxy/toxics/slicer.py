"""Slicer: data arrives in small pieces."""

import math
from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import MOST_BYTES, Toxic, attribute

CATCH_UP_S = 0.005
"""How far behind its schedule a direction may be and still catch up: the loop's timers tick in ms."""


@dataclass(frozen=True)
class Slicer(Toxic, kind="slicer"):
    """Cut each read into pieces of ``average_size`` ± ``size_variation`` bytes, ``delay`` µs after each.

    The last piece of a read is what is left. Pieces leave in turns of the event loop of their own, so
    that they are not joined again here; delays under 1 ms are right on average.
    """

    average_bytes: int = attribute("average_size", "B", MOST_BYTES)
    variation_bytes: int = attribute("size_variation", "B", MOST_BYTES)
    delay_us: int = attribute("delay", "µs")

    def mistakes(self) -> list[str]:
        """Return what would leave nothing to send."""
        if self.average_bytes < 1:
            return [f"attribute average_size: {self.average_bytes} is under 1 B; give the size of a piece"]
        if self.variation_bytes > self.average_bytes:
            return [
                f"attribute size_variation: {self.variation_bytes} is over average_size {self.average_bytes}; give less"
            ]
        return []

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "SlicerStage":
        """Return the knife of one direction."""
        return SlicerStage(self, dice, budget, now_s)

    def draw_bytes(self, dice: Random) -> int:
        """Return the size of one piece; without an average, everything at once."""
        if self.average_bytes < 1:
            return MOST_BYTES
        swing = min(max(self.variation_bytes, 0), self.average_bytes)
        return max(1, self.average_bytes + dice.randint(-swing, swing))


class SlicerStage(Stage[Slicer]):
    """A knife with a pause after each cut."""

    _cut_bytes = 0
    """How much of the head has left."""
    _free_s = -math.inf
    _turn_s = -math.inf

    def take(self, now_s: float) -> Item | None:
        """Return the next piece once the pause is over, one per turn."""
        if self.due_s() > now_s:
            return None
        stamp_s, load = self._held[0]
        if isinstance(load, Ending):
            return self._release()
        start, end = self._cut_bytes, self._cut_bytes + self.toxic.draw_bytes(self.dice)
        if end < len(load):
            self._cut_bytes = end
        else:
            self._release()
            self._cut_bytes = 0
        pause_s = max(self.toxic.delay_us, 0) / 1e6
        self._free_s = max(self._free_s, stamp_s, now_s - CATCH_UP_S) + pause_s
        self._turn_s = math.nextafter(now_s, math.inf)
        return Item(max(stamp_s, now_s), load[start:end])

    def due_s(self) -> float:
        """Return when the pause is over; an ending waits for the last one too."""
        return max(self._held[0].stamp_s, self._free_s, self._turn_s) if self._held else NEVER_S

    def drain(self) -> list[Item]:
        """Return what is held, without what has left of the head."""
        cut_bytes, self._cut_bytes = self._cut_bytes, 0
        items = super().drain()
        if cut_bytes:
            stamp_s, load = items[0]
            items[0] = Item(stamp_s, load[cut_bytes:] if isinstance(load, bytes) else load)
        return items
