"""The verifier's key set: fetched when it is needed, kept when it cannot be had."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from harness.lab.target.key_set import KeySet

_log = logging.getLogger(__name__)


@dataclass
class KeyCache:
    """Hold the newest key set; one fetch at a time, however many calls wait for it.

    ``fetch`` returns a key set or raises OSError or ValueError; ``clock`` is monotonic. A set is
    fetched again after ``lifetime_s``, or for an unknown key, then not within ``cooldown_s`` of the
    last fetch. While the source fails, the keys that we have stay good, and calls do not wait.
    """

    fetch: Callable[[], Awaitable[KeySet]]
    clock: Callable[[], float]
    lifetime_s: float
    cooldown_s: float
    fetches: int = 0
    failures: int = 0
    failing: bool = False
    """Whether the last fetch failed."""
    _keys: KeySet | None = None
    _fetched_s: float = float("-inf")
    _next_s: float = float("-inf")
    _running: "asyncio.Task[None] | None" = field(default=None, repr=False)

    def fresh(self) -> KeySet | None:
        """Return the keys where nothing is due: the short way of nearly every call."""
        return self._keys if self.clock() < self._fetched_s + self.lifetime_s else None

    async def current(self) -> KeySet | None:
        """Return the keys, fetched first where they are due; None where there are none to be had."""
        if self.fresh() is None:
            await self._refresh(wait=self._keys is None or not self.failing)
        return self._keys

    async def for_unknown_key(self) -> KeySet | None:
        """Return the keys again after an unknown key was met, fetched where the cooldown allows it."""
        await self._refresh(wait=True)
        return self._keys

    async def _refresh(self, *, wait: bool) -> None:
        if self._running is None:
            if self.clock() < self._next_s:
                return
            self._running = asyncio.create_task(self._fetch())
        if wait:
            await asyncio.shield(self._running)

    async def _fetch(self) -> None:
        self.fetches += 1
        try:
            self._keys = await self.fetch()
            self._fetched_s = self.clock()
            self.failing = False
        except (OSError, ValueError) as error:
            self.failures += 1
            self.failing = True
            _log.warning("no key set: %s", type(error).__name__)
        finally:
            self._next_s = self.clock() + self.cooldown_s
            self._running = None
