"""The stage: one toxic at work on one direction of one connection.

A stage is logic without I/O: items go in, items come out, now or later, and it is told the time.
That is what makes a toxic removable without losing a byte: what it holds can be handed on at any
moment, in order, because it is only ever in one queue.
"""

import math
from collections import deque
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any, Generic, NamedTuple, TypeVar

NEVER_S = math.inf
ITEM_BYTES = 192
"""What holding one item costs beyond its bytes: objects and queue slots, rounded up."""
SHORT_HOLD_BYTES = 64 * 1024
LONG_HOLD_BYTES = 32 * 1024 * 1024
"""As much as Toxiproxy's latency queue holds: 1024 reads of 32 KB."""


class Ending(Enum):
    """What ends a direction; it travels behind the data that was sent before it."""

    EOF = "eof"
    """The sender will send no more; the other direction goes on."""
    CLOSE = "close"
    """The whole connection is over."""
    RESET = "reset"
    """The whole connection is over at once, with an RST to both peers; it overtakes what is held."""


class Item(NamedTuple):
    """Bytes or an ending, and when they were read or, after a delay, were due (monotonic, s)."""

    stamp_s: float
    load: bytes | Ending


@dataclass
class Budget:
    """What all stages of a server may hold together; beyond it each holds only a little."""

    limit_bytes: int = 512 * 1024 * 1024
    used_bytes: int = 0

    def allows(self, held_bytes: int, hold_bytes: int) -> bool:
        """Return whether a stage that holds ``held_bytes`` may take more."""
        return held_bytes < (hold_bytes if self.used_bytes < self.limit_bytes else SHORT_HOLD_BYTES)


ToxicT = TypeVar("ToxicT")


class Stage(Generic[ToxicT]):
    """Hand every item on at once; a toxic's stage overrides what it changes.

    Times are monotonic seconds. `take` may be called at any time, also early.
    """

    hold_bytes = SHORT_HOLD_BYTES

    def __init__(self, toxic: ToxicT, dice: Random, budget: Budget, now_s: float) -> None:
        del now_s
        self.toxic = toxic
        self.dice = dice
        self._budget = budget
        self._held: deque[Item] = deque()
        self._held_bytes = 0

    def put(self, item: Item, now_s: float) -> None:
        """Accept an item; `has_room` restrains the sender, not this."""
        del now_s
        self._hold(item)

    def take(self, now_s: float) -> Item | None:
        """Return the next item that may go on now, or None."""
        return self._release() if self.due_s() <= now_s else None

    def due_s(self) -> float:
        """Return when `take` has something; -inf when it has, `NEVER_S` when only `put` can change that."""
        return -NEVER_S if self._held else NEVER_S

    def has_room(self) -> bool:
        """Return whether more data should be put."""
        return self._budget.allows(self._held_bytes, self.hold_bytes)

    def is_urgent(self) -> bool:
        """Return whether `take` gives an ending next: endings do not wait for room."""
        return bool(self._held) and isinstance(self._held[0].load, Ending)

    def change(self, toxic: ToxicT, now_s: float) -> None:
        """Follow new attributes from now on; what the stage has counted stays."""
        del now_s
        self.toxic = toxic

    def drain(self) -> list[Item]:
        """Return everything held, in order, and hold nothing: the toxic is removed."""
        items = list(self._held)
        self.discard()
        return items

    def retire(self) -> "Stage[Any]":
        """Return what takes this stage's place when it is removed: it hands on what is left, as room allows."""
        rest: Stage[Any] = Stage(self.toxic, self.dice, self._budget, 0.0)
        for item in self.drain():
            rest._hold(item)
        return rest

    def is_empty(self) -> bool:
        """Return whether nothing is held."""
        return not self._held

    def discard(self) -> None:
        """Forget everything held: the connection is gone."""
        self._held.clear()
        self._budget.used_bytes -= self._held_bytes
        self._held_bytes = 0

    def _hold(self, item: Item) -> None:
        self._held.append(item)
        self._count(item, 1)

    def _release(self) -> Item:
        item = self._held.popleft()
        self._count(item, -1)
        return item

    def _put_back(self, item: Item) -> None:
        self._held.appendleft(item)
        self._count(item, 1)

    def _count(self, item: Item, sign: int) -> None:
        size = ITEM_BYTES if isinstance(item.load, Ending) else len(item.load) + ITEM_BYTES
        self._held_bytes += sign * size
        self._budget.used_bytes += sign * size


class StageGate(Stage[Any]):
    """Hold everything until it is removed: what is read before a connection is complete."""

    def __init__(self, budget: Budget) -> None:
        super().__init__(None, Random(0), budget, 0.0)

    def take(self, now_s: float) -> Item | None:
        """Return nothing."""
        del now_s
        return None

    def due_s(self) -> float:
        """Return `NEVER_S`."""
        return NEVER_S
