"""Dice: every random decision of the proxy, drawn from one seed.

A draw is named by what it decides, not by when it is drawn, so that two servers with the same seed,
the same commands and the same order of connections decide alike, and an edit elsewhere changes nothing.
"""

from dataclasses import dataclass
from hashlib import blake2b
from random import Random


@dataclass(frozen=True)
class Dice:
    """Draws by name."""

    seed: int

    def share(self, *name: object) -> float:
        """Return a number from 0 up to, without, 1: the same for the same name."""
        return int.from_bytes(self._digest(name)[:7]) / 2**56

    def random(self, *name: object) -> Random:
        """Return a generator of its own for a name."""
        return Random(self._digest(name))

    def named(self, *name: object) -> "Dice":
        """Return dice of their own for a name."""
        return Dice(int.from_bytes(self._digest(name)))

    def _digest(self, name: tuple[object, ...]) -> bytes:
        return blake2b(repr((self.seed, *name)).encode(), digest_size=16).digest()
