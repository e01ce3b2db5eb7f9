"""The pipe: the stages that one direction of one connection passes, in chain order.

Pure: no socket, no timer, told the time. Whoever owns a pipe calls `pump` when `due_s` says so and
when the outlet has room again. Endings never wait for room, and a reset overtakes what is held, so both
get through to a peer that has stopped reading.
"""

from itertools import pairwise
from typing import Any, Protocol

from harness.lab.proxy.stage import NEVER_S, Ending, Item, Stage

REST = 0.5
"""Added to a removed stage's serial number: the place of what it left behind."""


class Outlet(Protocol):
    """Where items go next: a stage, or the far end's socket."""

    def put(self, item: Item, now_s: float) -> None:
        """Accept an item, also when there is no room."""

    def has_room(self) -> bool:
        """Return whether more data should be put."""


class Pipe:
    """Stages by their serial number, lowest first, in front of an outlet."""

    def __init__(self, outlet: Outlet) -> None:
        self.stages: dict[float, Stage[Any]] = {}
        self._outlet = outlet
        self._head = outlet
        self._hops: list[tuple[Stage[Any], Outlet]] = []
        self._rests: list[float] = []

    def put(self, item: Item, now_s: float) -> None:
        """Send an item in at the head, and on as far as it goes."""
        self._head.put(item, now_s)
        self.pump(now_s)

    def has_room(self) -> bool:
        """Return whether the head takes more data."""
        return self._head.has_room()

    def pump(self, now_s: float) -> None:
        """Move every item on as far as it may go now."""
        moving = True
        while moving:
            moving = False
            for stage, outlet in self._hops:
                while (outlet.has_room() or stage.is_urgent()) and (item := stage.take(now_s)) is not None:
                    (self._outlet if item.load is Ending.RESET else outlet).put(item, now_s)
                    moving = True
        if self._rests:
            self._drop_rests()

    def due_s(self) -> float:
        """Return when `pump` moves something again without a `put` or new room."""
        return min(
            (stage.due_s() for stage, outlet in self._hops if outlet.has_room() or stage.is_urgent()),
            default=NEVER_S,
        )

    def insert(self, serial: int, stage: Stage[Any], now_s: float) -> None:
        """Add a stage at its place in the chain; what is held elsewhere keeps its order."""
        self.stages[serial] = stage
        self._chain()
        self.pump(now_s)

    def remove(self, serial: int, now_s: float) -> None:
        """Take a stage out; what it holds goes on at once, as far as there is room.

        The rest stays in its place, so that toxics which come and go before a stalled peer pile nothing up.
        """
        self.stages[serial + REST] = self.stages.pop(serial).retire()
        self._chain()
        self.pump(now_s)

    def discard(self) -> None:
        """Forget everything held: the connection is gone."""
        for stage in self.stages.values():
            stage.discard()
        self.stages = {}
        self._chain()

    def _drop_rests(self) -> None:
        empty = [place for place in self._rests if self.stages[place].is_empty()]
        for place in empty:
            del self.stages[place]
        if empty:
            self._chain()

    def _chain(self) -> None:
        self.stages = dict(sorted(self.stages.items()))
        self._rests = [place for place in self.stages if place % 1]
        chain: list[Any] = [*self.stages.values(), self._outlet]
        self._head = chain[0]
        self._hops = list(pairwise(chain))
