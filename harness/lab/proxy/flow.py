"""The flow: one direction of one connection, from the socket that is read to the one written to.

Without a toxic a chunk goes from the read callback straight into the far transport. With toxics it
goes through a `Pipe`, driven here by one timer and by the far transport's room. Reading stops while
there is no room, so what a flow holds is bounded whatever either peer does.
"""

import asyncio
import math
from collections.abc import Callable
from typing import Any

from harness.clock import monotonic
from harness.lab.proxy.pipe import Outlet, Pipe
from harness.lab.proxy.stage import NEVER_S, Ending, Item, Stage

LONGEST_TIMER_S = 3600.0


class Flow:
    """Carry one direction; ``allow_reading`` starts and stops the reading of its source."""

    def __init__(self, outlet: Outlet, allow_reading: Callable[[bool], None]) -> None:
        self.pipe = Pipe(outlet)
        self._allow_reading = allow_reading
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = NEVER_S
        self._dead = False

    def feed(self, load: bytes | Ending) -> None:
        """Take what was read, or the end of reading."""
        now_s = monotonic()
        self.pipe.put(Item(now_s, load), now_s)
        self._settle()

    def pump(self) -> None:
        """Go on after the outlet has new room."""
        self.pipe.pump(monotonic())
        self._settle()

    def insert(self, serial: int, make: Callable[[float], Stage[Any]]) -> None:
        """Put a stage in at its place in the chain."""
        if not self._dead:
            now_s = monotonic()
            self.pipe.insert(serial, make(now_s), now_s)
            self._settle()

    def has(self, serial: int) -> bool:
        """Return whether a stage is in the chain."""
        return serial in self.pipe.stages

    def change(self, serial: int, toxic: Any) -> None:
        """Give a stage new attributes."""
        now_s = monotonic()
        self.pipe.stages[serial].change(toxic, now_s)
        self.pipe.pump(now_s)
        self._settle()

    def remove(self, serial: int) -> None:
        """Take a stage out; what it holds goes on at once."""
        self.pipe.remove(serial, monotonic())
        self._settle()

    def die(self) -> None:
        """Forget what is held, and hold nothing any more: the peer that it was meant for is gone."""
        self._dead = True
        self.pipe.discard()
        self._cancel()
        self.settle_reading()

    def settle_reading(self) -> None:
        """Read exactly while there is room."""
        self._allow_reading(self.pipe.has_room())

    def _settle(self) -> None:
        self.settle_reading()
        due_s = self.pipe.due_s()
        if self._timer is not None and self._timer_s <= due_s < NEVER_S:
            return
        self._cancel()
        if due_s < NEVER_S:
            self._arm(due_s)

    def _arm(self, due_s: float) -> None:
        # The loop's timers tick in ms and may fire early: round up, and look again when one fires.
        wait_s = min(max(due_s - monotonic(), 0.0), LONGEST_TIMER_S)
        self._timer_s = due_s
        self._timer = self._loop.call_later(math.ceil(wait_s * 1e3) / 1e3, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self.pump()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
