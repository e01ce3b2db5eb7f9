"""Adds new keys to its set, and drops none."""

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey

FINDS = ("KEY-02",)


def change(target: Assembly) -> None:
    """Merge each set into the last."""
    fetch, known = target.keys.fetch, dict[tuple[str, str], tuple[VerifyKey, ...]]()

    async def merged() -> KeySet:
        known.update((await fetch()).keys)
        return KeySet(dict(known))

    target.keys.fetch = merged
