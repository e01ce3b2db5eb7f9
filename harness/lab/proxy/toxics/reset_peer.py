"""Reset peer: the connection is cut with an RST."""

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from harness.lab.proxy.stage import NEVER_S, Budget, Ending, Item, Stage
from harness.lab.proxy.toxics import Toxic, attribute


@dataclass(frozen=True)
class ResetPeer(Toxic, kind="reset_peer"):
    """Reset the connection ``timeout`` ms after the first byte in this direction.

    An idle connection is left alone. What arrives before the reset is held, and handed on if the
    toxic is removed in time.
    """

    resets_later_closes: ClassVar[bool] = True
    timeout_ms: int = attribute("timeout", "ms")

    def stage(self, dice: Random, budget: Budget, now_s: float) -> "ResetPeerStage":
        """Return the fuse of one direction."""
        return ResetPeerStage(self, dice, budget, now_s)


class ResetPeerStage(Stage[ResetPeer]):
    """A fuse that the first item lights."""

    _lit_s: float | None = None
    _burnt = False

    def put(self, item: Item, now_s: float) -> None:
        """Light the fuse."""
        if self._lit_s is None:
            self._lit_s = now_s
        if not self._burnt:
            self._hold(item)

    def take(self, now_s: float) -> Item | None:
        """Return the reset when the fuse has burnt down."""
        if self.due_s() > now_s:
            return None
        self._burnt = True
        self.discard()
        return Item(now_s, Ending.RESET)

    def due_s(self) -> float:
        """Return when the reset is due."""
        if self._lit_s is None or self._burnt:
            return NEVER_S
        return self._lit_s + self.toxic.timeout_ms / 1e3

    def is_urgent(self) -> bool:
        """Return True: nothing but the reset ever leaves."""
        return True
