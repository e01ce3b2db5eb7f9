import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from harness.clock import ManualClock
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet
from tests.lab.target.craft import keys

OLD, NEW = keys("ES256"), keys("EdDSA")


class Source:
    """A key source that a test opens and breaks by hand."""

    def __init__(self) -> None:
        self.keys: KeySet | None = OLD
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self) -> KeySet:
        await self.open.wait()
        if self.keys is None:
            raise OSError("down")
        return self.keys


def played(play: Callable[[Source, ManualClock, KeyCache], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        source, clock = Source(), ManualClock(100.0)
        await play(source, clock, KeyCache(source.fetch, clock, lifetime_s=60, cooldown_s=5))

    asyncio.run(run())


def test_ten_first_calls_share_one_fetch() -> None:
    async def play(source: Source, _: ManualClock, cache: KeyCache) -> None:
        source.open.clear()
        calls = [asyncio.create_task(cache.current()) for _ in range(10)]
        await asyncio.sleep(0)
        source.open.set()
        assert await asyncio.gather(*calls) == [OLD] * 10
        assert cache.fetches == 1

    played(play)


def test_keys_are_fetched_again_when_their_lifetime_is_over() -> None:
    async def play(source: Source, clock: ManualClock, cache: KeyCache) -> None:
        await cache.current()
        source.keys = NEW
        clock.advance(59)
        assert cache.fresh() is OLD
        clock.advance(1)
        assert cache.fresh() is None
        assert await cache.current() is NEW

    played(play)


def test_an_unknown_key_fetches_once_per_cooldown() -> None:
    async def play(source: Source, clock: ManualClock, cache: KeyCache) -> None:
        await cache.current()
        source.keys = NEW
        for _ in range(100):
            assert await cache.for_unknown_key() is OLD
        assert cache.fetches == 1
        clock.advance(5)
        assert await cache.for_unknown_key() is NEW
        assert cache.fetches == 2

    played(play)


def test_old_keys_stay_good_while_the_source_fails() -> None:
    async def play(source: Source, clock: ManualClock, cache: KeyCache) -> None:
        await cache.current()
        source.keys = None
        clock.advance(60)
        assert await cache.current() is OLD
        assert (cache.failing, cache.failures) == (True, 1)
        source.keys = NEW
        clock.advance(5)
        await cache.for_unknown_key()
        assert cache.fresh() is NEW
        assert not cache.failing

    played(play)


def test_calls_do_not_wait_for_a_source_that_is_known_to_fail() -> None:
    async def play(source: Source, clock: ManualClock, cache: KeyCache) -> None:
        await cache.current()
        source.keys = None
        clock.advance(60)
        await cache.current()
        clock.advance(5)
        source.open.clear()
        assert await cache.current() is OLD
        source.open.set()
        await cache.for_unknown_key()
        assert cache.failures == 2

    played(play)


def test_there_are_no_keys_before_the_first_fetch_succeeds() -> None:
    async def play(source: Source, clock: ManualClock, cache: KeyCache) -> None:
        source.keys = None
        assert await cache.current() is None
        assert await cache.current() is None
        assert cache.fetches == 1
        clock.advance(5)
        source.keys = NEW
        assert await cache.current() is NEW

    played(play)
