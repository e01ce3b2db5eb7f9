"""The pacer under gevent, unpatched and in a thread of its own; no test waits for time to pass."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import gevent
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import clock
from harness.calls.channel import Arrival
from harness.results.row import Cause, Flag
from harness.scenario.load import Load, closed_users, constant_rate, poisson_rate
from harness.worker.pacer import Pacer

BOUND_S = 30.0
LONG_AGO_S = 100.0


def in_a_hub_of_its_own(test: Callable[[], Any]) -> Any:
    """Run under a gevent hub that no other test sees; fail where it does not end."""
    outcome: list[Any] = []

    def run() -> None:
        with gevent.Timeout(BOUND_S):
            outcome.append(test())
        gevent.get_hub().destroy(destroy_loop=True)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(2 * BOUND_S)
    assert outcome, "it did not end"
    return outcome[0]


@dataclass
class Rows:
    """Final rows by arrival: of calls, and of arrivals that were not sent."""

    sent: Counter[int] = field(default_factory=Counter)
    unsent: list[tuple[int, Cause]] = field(default_factory=list)
    flags: dict[int, int] = field(default_factory=dict)

    def on_unsent(self, arrival: Arrival, cause: Cause) -> None:
        self.unsent.append((arrival.call_id, cause))
        self.flags[arrival.call_id] = arrival.flags

    def per_arrival(self) -> Counter[int]:
        return self.sent + Counter(call_id for call_id, _ in self.unsent)

    def causes(self) -> set[Cause]:
        return {cause for _, cause in self.unsent}


def user(pacer: Pacer, rows: Rows, dice: random.Random, behave: str) -> None:
    """Take arrivals for ever, and do with them what users do: call, make no call, break off, yield."""
    while True:
        arrival = pacer.take()
        if dice.random() < 0.3:
            gevent.sleep(0)
        if behave == "call" or (behave == "mixed" and dice.random() < 0.7):
            arrival.calls += 1
            arrival.finals += 1
            rows.sent[arrival.call_id] += 1
            rows.flags[arrival.call_id] = arrival.flags
        elif dice.random() < 0.5:
            arrival.calls += 1
        pacer.done(arrival)


@dataclass(frozen=True)
class Result:
    """What a pacer did with its load."""

    rows: Rows
    planned: int
    finished: bool


def pace(
    load: Load, *, seed: int = 7, worker: int = 0, workers: int = 1, users: int = 5, max_lag_s: float = 1e9,
    late_s: float = LONG_AGO_S, behave: str = "call", close_early: bool = False,
) -> Result:  # fmt: skip
    """Carry a load out whose zero was ``late_s`` seconds ago, so that all of it is due at once."""

    def run() -> Result:
        rows, dice = Rows(), random.Random(seed)
        pacer = Pacer(load, seed, worker, workers, max_lag_s, rows.on_unsent)
        greenlets = [gevent.spawn(user, pacer, rows, dice, behave) for _ in range(users)]
        gevent.sleep(0)
        pacer.start(clock.monotonic_ns() - round(late_s * 1e9))
        if not close_early:
            assert pacer.finished.wait(BOUND_S)
        else:
            gevent.sleep(0)
        finished = pacer.finished.is_set()
        gevent.killall(greenlets)
        pacer.close()
        return Result(rows, pacer.planned, finished)

    result: Result = in_a_hub_of_its_own(run)
    return result


shapes = st.sampled_from([constant_rate, poisson_rate])


@settings(max_examples=40)
@given(
    shapes,
    st.floats(1, 300),
    st.integers(0, 2**32),
    st.integers(0, 8),
    st.sampled_from(["call", "mixed", "nothing"]),
    st.sampled_from([1e9, 0.0]),
    st.booleans(),
)
def test_every_arrival_ends_in_exactly_one_final_row(
    shape: Callable[..., Load],
    per_s: float,
    seed: int,
    users: int,
    behave: str,
    max_lag_s: float,
    close_early: bool,
) -> None:
    load = shape(per_s, duration_s=1, max_users=10, warm_up_s=0.5)
    early = close_early or users == 0
    result = pace(load, seed=seed, users=users, behave=behave, max_lag_s=max_lag_s, close_early=early)
    assert set(result.rows.per_arrival().values()) <= {1}
    assert sum(result.rows.per_arrival().values()) == result.planned
    if not early:
        assert result.planned == len(list(load.starts(seed)))


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_each_worker_takes_its_share_and_together_they_take_all(workers: int) -> None:
    load = poisson_rate(50, duration_s=2, max_users=10, warm_up_s=1)
    taken = [pace(load, worker=worker, workers=workers).rows.per_arrival() for worker in range(workers)]
    assert [sorted(rows) for rows in taken] == [
        [i for i in range(len(list(load.starts(7)))) if i % workers == worker] for worker in range(workers)
    ]


def test_an_arrival_that_no_user_took_in_time_is_reported_late() -> None:
    result = pace(constant_rate(100, 1, 10, warm_up_s=0), max_lag_s=1.0)
    assert result.rows.unsent == [(i, Cause.LATE) for i in range(100)]
    assert result.rows.sent == Counter()
    assert result.finished


def test_a_user_takes_an_arrival_that_is_late_but_within_bounds() -> None:
    result = pace(constant_rate(100, 1, 10, warm_up_s=0), max_lag_s=LONG_AGO_S * 2)
    assert result.rows.unsent == []
    assert sum(result.rows.sent.values()) == 100


def test_an_arrival_whose_task_made_no_call_says_so() -> None:
    result = pace(constant_rate(50, 1, 10, warm_up_s=0), behave="nothing")
    assert result.rows.causes() == {Cause.NO_CALL, Cause.STOPPED}
    assert len(result.rows.unsent) == 50


def test_what_is_queued_when_the_run_ends_is_reported_stopped() -> None:
    result = pace(constant_rate(50, 1, 10, warm_up_s=0), users=0, close_early=True)
    assert result.planned > 0
    assert result.rows.causes() == {Cause.STOPPED}
    assert len(result.rows.unsent) == result.planned


def test_an_arrival_that_found_no_free_user_is_marked_busy() -> None:
    free = pace(constant_rate(1, 1, 10, warm_up_s=0), users=1)
    none = pace(constant_rate(20, 1, 10, warm_up_s=0), users=0, close_early=True)
    assert set(free.rows.flags.values()) == {Flag.PLANNED}
    assert set(none.rows.flags.values()) == {Flag.PLANNED | Flag.BUSY}


def test_a_user_that_asks_after_the_end_gets_nothing_that_was_reported() -> None:
    def run() -> tuple[Rows, int]:
        rows = Rows()
        pacer = Pacer(constant_rate(20, 1, 10, warm_up_s=0), 7, 0, 1, 1e9, rows.on_unsent)
        pacer.start(clock.monotonic_ns() - round(LONG_AGO_S * 1e9))
        while pacer.planned < 20:
            gevent.sleep(0)
        pacer.close()
        straggler = gevent.spawn(user, pacer, rows, random.Random(7), "call")
        gevent.sleep(0)
        straggler.kill()
        return rows, pacer.planned

    rows, planned = in_a_hub_of_its_own(run)
    assert planned == len(rows.unsent) == 20
    assert rows.sent == Counter()


def test_closing_twice_reports_once() -> None:
    def run() -> Rows:
        rows = Rows()
        pacer = Pacer(constant_rate(20, 1, 10, warm_up_s=0), 7, 0, 1, 1e9, rows.on_unsent)
        pacer.start(clock.monotonic_ns() - round(LONG_AGO_S * 1e9))
        while pacer.planned < 20:
            gevent.sleep(0)
        pacer.close()
        pacer.close()
        return rows

    assert len(in_a_hub_of_its_own(run).unsent) == 20


def test_a_pacer_that_never_began_is_closed_without_a_row() -> None:
    def run() -> Rows:
        rows = Rows()
        Pacer(constant_rate(20, 1, 10), 7, 0, 1, 1.0, rows.on_unsent).close()
        return rows

    assert in_a_hub_of_its_own(run).unsent == []


def test_a_closed_load_gives_each_user_its_next_call_when_the_last_has_ended() -> None:
    def run() -> tuple[Rows, list[int]]:
        rows, taken = Rows(), []
        pacer = Pacer(closed_users(1, 1), 7, worker=1, workers=3, max_lag_s=0.0, on_unsent=rows.on_unsent)
        pacer.start(clock.monotonic_ns())
        for _ in range(4):
            arrival = pacer.take()
            assert arrival.intended_ns == arrival.taken_ns
            assert arrival.flags == 0
            taken.append(arrival.call_id)
            arrival.finals = 1
            pacer.done(arrival)
        last = pacer.take()
        pacer.close()
        assert last.call_id == 13
        return rows, taken

    rows, taken = in_a_hub_of_its_own(run)
    assert taken == [1, 4, 7, 10]
    assert rows.unsent == [(13, Cause.STOPPED)]
