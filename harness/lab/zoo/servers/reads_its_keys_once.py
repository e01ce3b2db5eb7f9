"""Reads the key set when it starts, and never again."""

from dataclasses import dataclass

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet

FINDS = ("KEY-01", "KEY-02", "KEY-05")


@dataclass
class Once(KeyCache):
    """The cache, as it should not be."""

    async def for_unknown_key(self) -> KeySet | None:
        """Return the keys as they are."""
        return await self.current()


def change(target: Assembly) -> None:
    """Put the cache in."""
    right = target.keys
    target.keys = Once(right.fetch, right.clock, right.lifetime_s, right.cooldown_s)
    target.keys.lifetime_s = float("inf")
