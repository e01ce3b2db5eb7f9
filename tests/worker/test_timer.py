"""The alarm: never early, on the system's timers and on gevent's own."""

import os
from collections.abc import Callable

import gevent
import pytest

from harness import clock
from harness.worker import timer
from harness.worker.timer import Timer
from tests.worker.test_pacer import in_a_hub_of_its_own

AHEAD_NS = 3_000_000


@pytest.fixture(params=["the system's timers", "gevent's timers"])
def timers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "gevent's timers":
        monkeypatch.setattr(timer, "_libc", lambda: None)
    return str(request.param)


def waits(test: Callable[[Timer], object]) -> object:
    def run() -> object:
        with Timer() as one:
            return [test(one)]

    return in_a_hub_of_its_own(run)[0]


def test_it_never_ends_early_and_serves_again(timers: str) -> None:
    def early(one: Timer) -> list[int]:
        found = []
        for _ in range(5):
            at_ns = clock.monotonic_ns() + AHEAD_NS
            one.until(at_ns)
            found.append(clock.monotonic_ns() - at_ns)
        return found

    late_ns = waits(early)
    assert isinstance(late_ns, list)
    assert len(late_ns) == 5
    assert min(late_ns) >= 0


def test_a_time_that_is_past_lets_others_run_once(timers: str) -> None:
    def others(one: Timer) -> list[str]:
        ran: list[str] = []
        gevent.spawn(ran.append, "other")
        one.until(clock.monotonic_ns() - 1)
        return ran

    assert waits(others) == ["other"]


def test_others_run_while_it_waits(timers: str) -> None:
    def others(one: Timer) -> int:
        ran = [0]

        def run() -> None:
            while True:
                ran[0] += 1
                gevent.sleep(0)

        busy = gevent.spawn(run)
        one.until(clock.monotonic_ns() + AHEAD_NS)
        busy.kill()
        return ran[0]

    ran = waits(others)
    assert isinstance(ran, int)
    assert ran > 1


def test_a_killed_wait_leaves_no_file_open() -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0  # noqa: PTH208, PTH112

    def kill() -> list[int]:
        def sleep() -> None:
            with Timer() as one:
                one.until(clock.monotonic_ns() + 10**12)

        gevent.sleep(0)
        before = count()
        sleeper = gevent.spawn(sleep)
        gevent.sleep(0)
        sleeper.kill()
        return [before, count()]

    before, after = in_a_hub_of_its_own(kill)
    assert after == before
