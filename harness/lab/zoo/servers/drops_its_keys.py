"""Throws its keys away when the set cannot be had: an outage of the issuer is one of the service."""

from dataclasses import dataclass

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet

FINDS = ("KEY-03",)


@dataclass
class Forgetful(KeyCache):
    """The cache, as it should not be."""

    def fresh(self) -> KeySet | None:
        """Return no keys while the source fails."""
        return None if self.failing else super().fresh()

    async def current(self) -> KeySet | None:
        """Return no keys while the source fails."""
        keys = await super().current()
        return None if self.failing else keys


def change(target: Assembly) -> None:
    """Put the cache in."""
    right = target.keys
    target.keys = Forgetful(right.fetch, right.clock, right.lifetime_s, right.cooldown_s)
