from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.phases import (
    Baseline,
    Second,
    Window,
    good,
    outside,
    pieces,
    recoveries,
    spans,
    too_many,
    unsteady,
    windows,
)

BASE = Baseline(failure_limit=0.01, p99_s=0.1, calls=3000, source="test")
INSTANT = {"id": "15-expire_all", "fault": "expire_all", "at_s": 15, "until_s": None}
WIDE = {"id": "30-latency", "fault": "latency", "at_s": 30, "until_s": 45}


def _seconds(bad: dict[int, int], until_s: int = 60, slow: dict[int, float] | None = None) -> list[Second]:
    times = slow or {}
    return [Second(at_s, 100, bad.get(at_s, 0), times.get(at_s, 0.05)) for at_s in range(-10, until_s)]


def _event(event: str, step: str, **fields: object) -> dict[str, object]:
    return {"event": event, "step": step, **fields}


def _window(from_s: float, until_s: float | None = None) -> Window:
    return Window("step", "fault", "environment", "", from_s, until_s, from_s, until_s)


def test_windows_have_the_edges_that_really_happened() -> None:
    events = [
        _event("applied", "15-expire_all", at_s=15.01),
        _event("applied", "30-latency", at_s=30.02),
        _event("verified", "30-latency", active=True),
        _event("undone", "30-latency", at_s=45.03),
        _event("verified", "30-latency", active=False),
    ]
    instant, wide = windows([INSTANT, WIDE], events)
    assert (instant.from_s, instant.until_s) == (15.01, None)
    assert (wide.from_s, wide.until_s, wide.verified, wide.problem) == (30.02, 45.03, True, None)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([_event("failed", "30-latency", phase="apply", text="no proxy")], "could not be applied: no proxy"),
        ([_event("failed", "30-latency", phase="undo", text="proxy is gone")], "could not be undone: proxy is gone"),
        ([_event("applied", "30-latency", at_s=30), _event("verified", "30-latency", active=False)], "not in force"),
        ([_event("undone", "30-latency", at_s=45), _event("verified", "30-latency", active=True)], "still active"),
    ],
)
def test_a_fault_that_was_not_carried_out_has_a_problem(events: list[dict[str, object]], problem: str) -> None:
    (window,) = windows([WIDE], events)
    assert problem in str(window.problem)
    assert window.verified is False


def test_recovery_runs_to_the_first_of_three_good_seconds() -> None:
    bad = {15: 40, 16: 5, 18: 5}  # 17 is good, and alone
    (recovered,) = recoveries([_window(15.25)], _seconds(bad), BASE, 60)
    assert recovered.seconds == pytest.approx(19 - 15.25)
    assert recovered.until_s == pytest.approx(19)


def test_recovery_counts_from_the_windows_end_and_may_take_no_time() -> None:
    (recovered,) = recoveries([_window(30, 45.02)], _seconds({31: 50}), BASE, 60)
    assert recovered.seconds == 0


def test_a_slow_second_is_no_good_second() -> None:
    # the limit is the larger of 1.5 x p99 and p99 + 50 ms: 0.15 s both
    (recovered,) = recoveries([_window(15)], _seconds({}, slow={15: 0.16, 16: 0.14}), BASE, 60)
    assert recovered.seconds == 1


def test_a_second_without_calls_is_no_good_second() -> None:
    assert not good(None, BASE)
    assert not good(Second(3, 0, 0, None), BASE)
    assert good(Second(3, 100, 1, 0.1), BASE)
    assert not good(Second(3, 100, 5, 0.1), BASE)


@pytest.mark.parametrize(
    ("failed", "calls", "limit", "expected"),
    [
        (1, 200, 0.001, False),  # 18 % by chance
        (2, 200, 0.001, True),  # 1.7 %
        (1, 5, 0.01, True),  # 4.9 %
        (1, 5, 0.02, False),
        (0, 200, 0.0, False),
        (1, 200, 0.0, True),
        (900, 1000, 0.01, True),
        (2_550, 5_000, 0.5, False),  # no overflow, and 8 % by chance
        (2_600, 5_000, 0.5, True),
    ],
)
def test_a_second_fails_too_often_when_chance_would_not_bring_it(
    failed: int, calls: int, limit: float, *, expected: bool
) -> None:
    assert too_many(failed, calls, limit) is expected


def test_calls_that_never_get_good_again_have_a_reason_and_no_time() -> None:
    (recovered,) = recoveries([_window(50)], _seconds(dict.fromkeys(range(50, 60), 30)), BASE, 60)
    assert recovered.seconds is None
    assert recovered.reason == "of the 10 s that were left, 10 with too many failures"
    assert recovered.until_s == 60


def test_a_fault_near_the_end_has_no_time_to_recover() -> None:
    (recovered,) = recoveries([_window(40, 58)], _seconds({}), BASE, 60)
    assert recovered.seconds is None
    assert "2.0 s after it" in str(recovered.reason)


def test_a_recovery_names_what_else_acted_meanwhile() -> None:
    wide = Window("30-latency", "latency", "environment", "", 30, 45, 30, 45)
    instant = Window("32-expire_all", "expire_all", "environment", "", 32, None, 32, None)
    _, recovered = recoveries([wide, instant], _seconds({32: 50, 33: 50}), BASE, 60)
    assert (recovered.seconds, recovered.reason) == (2, "30-latency also acted meanwhile")


def test_steady_is_outside_all_windows_and_recoveries() -> None:
    found = [_window(15.5), Window("w", "f", "", "", 30, 45, 30.0, 45.0)]
    recovered = recoveries(found, _seconds({15: 9, 16: 9}), BASE, 60)
    phases = {phase.name: phase.spans for phase in spans(found, recovered, 60, 10)}
    assert phases["warm-up"] == ((-10, 0),)
    assert phases["all"] == ((0, 60),)
    assert phases["recovery:step"] == ((15.5, 17.0),)
    assert phases["w"] == ((30, 45),)
    assert phases["recovery:w"] == ()
    assert phases["steady"] == ((0, 15.5), (17.0, 30.0), (45.0, 60))


def test_a_fault_that_was_never_undone_lasts_to_the_end() -> None:
    found = [Window("w", "f", "", "", 30, 45, 30.0, None)]
    recovered = recoveries(found, _seconds({}), BASE, 50)
    phases = {phase.name: phase.spans for phase in spans(found, recovered, 50, 10)}
    assert phases["w"] == ((30, 50),)
    assert recovered[0].seconds is None


interval = st.tuples(st.integers(0, 60), st.integers(0, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@given(st.lists(interval, max_size=6))
def test_every_moment_is_either_free_or_busy(busy: list[tuple[float, float]]) -> None:
    free = outside((0, 60), busy)
    for moment in range(60):
        at_s = moment + 0.5
        is_busy = any(from_s <= at_s < until_s for from_s, until_s in busy)
        assert is_busy is not any(from_s <= at_s < until_s for from_s, until_s in free)


def test_a_warm_up_must_end_with_three_seconds_of_few_failures() -> None:
    assert unsteady(_seconds({-4: 50}), 0.01, 10) is None
    assert unsteady(_seconds({-2: 50}), 0.01, 10) == "50 of 100 calls failed 2 s before the end of warm-up"
    assert unsteady([], 0.01, 10) == "no call was due 3 s before the end of warm-up"
    assert unsteady([], 0.01, 0) is None


def test_pieces_are_cut_at_every_edge_and_every_five_seconds() -> None:
    found = [_window(15.5), Window("w", "f", "", "", 30, 45, 30.25, 45.0)]
    phases = spans(found, recoveries(found, _seconds({15: 9, 16: 9}), BASE, 60), 60, 10)
    edges = pieces(phases, 5)
    assert edges[0] == -10
    assert edges[-1] == 60
    assert {0, 15.5, 17.0, 20, 30.25, 45} <= set(edges)
    assert max(b - a for a, b in pairwise(edges)) <= 5
