"""Keeps its keys in a map by `kid`: of two the last wins."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet

FINDS = ("KEY-05",)


def change(target: Assembly) -> None:
    """Keep the last key of each id."""
    fetch = target.keys.fetch

    async def last() -> KeySet:
        return KeySet({name: found[-1:] for name, found in (await fetch()).keys.items()})

    target.keys.fetch = last
