"""A pipe on a clock that a test moves, and an outlet that keeps what arrives."""

from random import Random

import pytest

from harness.lab.proxy.pipe import Pipe
from harness.lab.proxy.stage import Budget, Ending, Item
from harness.lab.proxy.toxics import Toxic

START_S = 1000.0


class Drain:
    """An outlet that keeps what arrives, and can stall."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.endings: list[Ending] = []
        self.stalled = False
        self.arrivals: list[tuple[float, bytes]] = []

    def put(self, item: Item, now_s: float) -> None:
        if isinstance(item.load, Ending):
            self.endings.append(item.load)
        else:
            assert not self.endings, "data behind an ending"
            assert item.load, "an empty write"
            self.data += item.load
            self.arrivals.append((now_s, item.load))

    def has_room(self) -> bool:
        return not self.stalled


class Bench:
    """A pipe on a clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = START_S
        self.drain = Drain()
        self.budget = Budget()
        self.pipe = Pipe(self.drain)
        self.serial = 0

    def add(self, toxic: Toxic, seed: int = 0) -> int:
        self.serial += 1
        stage = toxic.stage(Random(seed), self.budget, self.now_s)
        self.pipe.insert(self.serial, stage, self.now_s)
        return self.serial

    def change(self, toxic: Toxic) -> None:
        """Give the newest toxic new attributes."""
        self.pipe.stages[self.serial].change(toxic, self.now_s)
        self.pipe.pump(self.now_s)

    def remove(self) -> None:
        """Remove the newest toxic."""
        self.pipe.remove(self.serial, self.now_s)

    def put(self, load: bytes | Ending) -> None:
        self.pipe.put(Item(self.now_s, load), self.now_s)

    def go(self, seconds: float) -> None:
        """Let time pass as the flow does: from one due moment to the next."""
        until_s = self.now_s + seconds
        for _ in range(100_000):
            due_s = self.pipe.due_s()
            if due_s > until_s:
                break
            self.now_s = max(self.now_s, due_s)
            self.pipe.pump(self.now_s)
        else:
            pytest.fail("the pipe spins")
        self.now_s = until_s
        self.pipe.pump(self.now_s)

    def arrivals(self) -> list[tuple[float, bytes]]:
        """Return what arrived, with the seconds since the start."""
        return [(round(at_s - START_S, 6), data) for at_s, data in self.drain.arrivals]
