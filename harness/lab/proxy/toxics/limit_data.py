"""Limit data: the connection is closed after so many bytes."""

from dataclasses import dataclass
from random import Random

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import MOST_BYTES, Toxic, attribute


@dataclass(frozen=True)
class LimitData(Toxic, kind="limit_data"):
    """Pass exactly ``bytes`` bytes per connection, then close it; 0 closes it at the first byte.

    Bytes count from when the toxic came to the connection, and go on counting after an edit.
    """

    limit_bytes: int = attribute("bytes", "B", MOST_BYTES)

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "LimitDataStage":
        """Return the meter of one direction."""
        return LimitDataStage(self, dice, budget, now_s)


class LimitDataStage(Stage[LimitData]):
    """A meter that shuts when it is full."""

    _passed_bytes = 0
    _full = False
    _shut = False

    def put(self, item: Item, now_s: float) -> None:
        """Accept an item, unless the meter is shut."""
        if not self._shut:
            super().put(item, now_s)

    def take(self, now_s: float) -> Item | None:
        """Return data up to the limit, then a close."""
        if self._full:
            return self._close(now_s)
        if not self._held:
            return None
        item = self._release()
        if isinstance(item.load, Ending):
            return item
        left = max(0, self.toxic.limit_bytes - self._passed_bytes)
        data = item.load[:left]
        self._passed_bytes += len(data)
        self._full = len(item.load) >= left
        return Item(item.stamp_s, data) if data else self._close(now_s)

    def due_s(self) -> float:
        """Return whether something can go on: always at once."""
        return -NEVER_S if self._full or self._held else NEVER_S

    def is_urgent(self) -> bool:
        """Return whether the close comes next."""
        return self._full or super().is_urgent()

    def _close(self, now_s: float) -> Item:
        self.discard()
        self._full, self._shut = False, True
        return Item(now_s, Ending.CLOSE)
