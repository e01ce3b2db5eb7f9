from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.analysis.phases import (
    Baseline,
    Due,
    DueIn,
    FaultWindow,
    good,
    outside,
    pieces,
    recoveries,
    spans,
    too_many,
    unsteady,
    windows,
)
from harness.results.fault_events import AnyEvent, AppliedEvent, ApplyingEvent, FailedEvent, UndoneEvent, VerifiedEvent

BASE = Baseline(failure_limit=0.01, p99_s=0.1, calls=3000, source="test")
INSTANT = {"id": "15-expire_all", "fault": "expire_all", "at_s": 15, "until_s": None}
WIDE = {"id": "30-latency", "fault": "latency", "at_s": 30, "until_s": 45}


def _tenths(*spans_s: tuple[float, float]) -> set[int]:
    return {tenth for from_s, until_s in spans_s for tenth in range(round(from_s * 10), round(until_s * 10))}


def _seconds(
    bad: Iterable[int] = (), *, slow: Iterable[int] = (), idle: Iterable[int] = (), until_s: float = 60
) -> DueIn:
    """Return 100 calls a second; in tenths that are bad or slow, all ten of them are."""
    calls = _tenths((-10, until_s)) - set(idle)

    def due_in(tenth: int, tenths: int) -> Due:
        held = calls & set(range(tenth, tenth + tenths))
        return Due(10 * len(held), 10 * len(held & set(bad)), 10 * len(held & set(slow) - set(bad)))

    return due_in


def _about(step: str) -> dict[str, Any]:
    return {"step": step, "fault": "", "seat": "environment"}


def _applied(step: str, at_s: float) -> AppliedEvent:
    return AppliedEvent(**_about(step), plan_s=at_s, at_ns=0, at_s=at_s)


def _undone(step: str, at_s: float) -> UndoneEvent:
    return UndoneEvent(**_about(step), plan_s=at_s, at_ns=0, at_s=at_s)


def _verified(step: str, *, active: bool) -> VerifiedEvent:
    return VerifiedEvent(**_about(step), active=active)


def _window(from_s: float, until_s: float | None = None) -> FaultWindow:
    return FaultWindow("step", "fault", "environment", "", from_s, until_s, from_s, until_s)


def test_windows_have_the_edges_that_really_happened() -> None:
    events: list[AnyEvent] = [
        _applied("15-expire_all", 15.01),
        _applied("30-latency", 30.02),
        _verified("30-latency", active=True),
        _undone("30-latency", 45.03),
        _verified("30-latency", active=False),
    ]
    instant, wide = windows([INSTANT, WIDE], events)
    assert (instant.from_s, instant.until_s) == (15.01, None)
    assert (wide.from_s, wide.until_s, wide.verified, wide.problem) == (30.02, 45.03, True, None)


def test_a_window_is_felt_from_its_act_until_its_undo_was_read_back() -> None:
    events: list[AnyEvent] = [
        ApplyingEvent(**_about("30-latency"), plan_s=30, at_s=30.0),
        _applied("30-latency", 30.045),
        VerifiedEvent(**_about("30-latency"), active=True, at_s=30.05),
        _undone("30-latency", 45.03),
        VerifiedEvent(**_about("30-latency"), active=False, at_s=45.2),
        ApplyingEvent(**_about("15-expire_all"), plan_s=15, at_s=15.0),
        _applied("15-expire_all", 15.006),
    ]
    found = windows([INSTANT, WIDE], events)
    recovered = recoveries(found, _seconds(), BASE, 60)
    phases = {phase.name: phase.spans for phase in spans(found, recovered, 60, 0)}
    assert phases["30-latency"] == ((30.0, 45.2),)
    assert phases["recovery:15-expire_all"] == ((15.0, 15.006),)
    assert phases["steady"] == ((0.0, 15.0), (15.006, 30.0), (45.2, 60.0))
    assert [recovery.from_s for recovery in recovered] == [15.006, 45.03]


def test_a_journal_that_tells_no_acts_has_windows_as_before() -> None:
    found = windows([WIDE], [_applied("30-latency", 30.02), _undone("30-latency", 45.03)])
    phases = {phase.name: phase.spans for phase in spans(found, (), 60, 0)}
    assert phases["30-latency"] == ((30.02, 45.03),)


@pytest.mark.parametrize(
    ("events", "problem"),
    [
        ([FailedEvent(step="30-latency", phase="apply", text="no proxy")], "could not be applied: no proxy"),
        ([FailedEvent(step="30-latency", phase="undo", text="no answer")], "could not be undone: no answer"),
        ([_applied("30-latency", 30), _verified("30-latency", active=False)], "not in force"),
        ([_undone("30-latency", 45), _verified("30-latency", active=True)], "still active"),
    ],
)
def test_a_fault_that_was_not_carried_out_has_a_problem(events: list[AnyEvent], problem: str) -> None:
    (window,) = windows([WIDE], events)
    assert problem in str(window.problem)
    assert window.verified is False


def test_recovery_runs_to_the_first_of_three_good_seconds() -> None:
    bad = _tenths((15.3, 16.4), (18.7, 18.9))  # good from 16.4 s on, and not for three seconds
    (recovered,) = recoveries([_window(15.2)], _seconds(bad), BASE, 60)
    assert recovered.seconds == pytest.approx(3.7)
    assert recovered.until_s == pytest.approx(18.9)


@pytest.mark.parametrize(("last_bad_s", "took_s"), [(15.3, 0.3), (15.4, 0.4), (15.8, 0.8), (16.2, 1.2)])
def test_a_recovery_is_told_to_a_tenth_of_a_second(last_bad_s: float, took_s: float) -> None:
    (recovered,) = recoveries([_window(15.0)], _seconds(_tenths((15, last_bad_s))), BASE, 60)
    assert recovered.seconds == pytest.approx(took_s)


@pytest.mark.parametrize(("end_s", "took_s"), [(15.6, 0), (15.7, 0.1), (15.8, 0)])
def test_a_recovery_does_not_begin_with_failures_that_a_second_would_forgive(end_s: float, took_s: float) -> None:
    def one_failure(tenth: int, tenths: int) -> Due:
        return Due(20 * tenths, failed=int(tenth <= 157 < tenth + tenths))

    (recovered,) = recoveries([_window(end_s)], one_failure, Baseline(0.001, 0.1, 3000, "test"), 60)
    assert recovered.seconds == pytest.approx(took_s)


def test_recovery_counts_from_the_windows_end_and_may_take_no_time() -> None:
    (recovered,) = recoveries([_window(30, 45.02)], _seconds(_tenths((31, 45.1))), BASE, 60)
    assert (recovered.seconds, recovered.until_s) == (0, 45.02)


def test_a_slow_second_is_no_good_second() -> None:
    (recovered,) = recoveries([_window(15)], _seconds(slow=_tenths((15, 16))), BASE, 60)
    assert recovered.seconds == 1


def test_a_second_without_calls_is_no_good_second() -> None:
    assert not good(Due(), BASE)
    assert good(Due(100, failed=1, slow=9), BASE)
    assert not good(Due(100, failed=5), BASE)
    assert not good(Due(100, slow=11), BASE)


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
    (recovered,) = recoveries([_window(50)], _seconds(_tenths((50, 60))), BASE, 60)
    assert recovered.seconds is None
    assert recovered.reason == "of the 10 s that were left, 10 with too many failures"
    assert recovered.until_s == 60
    assert recovered.at_least_s == pytest.approx(10)


def test_the_reason_counts_each_second_that_was_left_once() -> None:
    bad, slow, idle = _tenths((50.5, 54.5)), _tenths((54.5, 57.5)), _tenths((57.5, 60))
    (recovered,) = recoveries([_window(40, 50.45)], _seconds(bad, slow=slow, idle=idle), BASE, 60)
    assert recovered.reason == "of the 9 s that were left, 4 with too many failures, 3 too slow, 2 without calls"


def test_a_fault_near_the_end_has_no_time_to_recover() -> None:
    (recovered,) = recoveries([_window(40, 58)], _seconds(), BASE, 60)
    assert (recovered.seconds, recovered.at_least_s) == (None, 0)
    assert "2.0 s after it" in str(recovered.reason)


def test_a_recovery_names_what_else_acted_meanwhile() -> None:
    wide = FaultWindow("30-latency", "latency", "environment", "", 30, 45, 30, 45)
    instant = FaultWindow("32-expire_all", "expire_all", "environment", "", 32, None, 32, None)
    _, recovered = recoveries([wide, instant], _seconds(_tenths((32, 34))), BASE, 60)
    assert (recovered.seconds, recovered.reason) == (2, "30-latency also acted meanwhile")


def test_a_recovery_that_never_came_names_what_else_acted_meanwhile() -> None:
    early = FaultWindow("30-down", "down", "environment", "", 30, 31, 30, 31)
    late = FaultWindow("35-latency", "latency", "environment", "", 35, 59, 35, 59)
    recovered, _ = recoveries([early, late], _seconds(_tenths((30, 60))), BASE, 60)
    assert str(recovered.reason).endswith("29 with too many failures; 35-latency also acted meanwhile")


def test_steady_is_outside_all_windows_and_recoveries() -> None:
    found = [_window(15.5), FaultWindow("w", "f", "", "", 30, 45, 30.0, 45.0)]
    recovered = recoveries(found, _seconds(_tenths((15, 17))), BASE, 60)
    phases = {phase.name: phase.spans for phase in spans(found, recovered, 60, 10)}
    assert phases["warm-up"] == ((-10, 0),)
    assert phases["all"] == ((0, 60),)
    assert phases["recovery:step"] == ((15.5, 17.0),)
    assert phases["w"] == ((30, 45),)
    assert phases["recovery:w"] == ()
    assert phases["steady"] == ((0, 15.5), (17.0, 30.0), (45.0, 60))


def test_a_fault_that_was_never_undone_lasts_to_the_end() -> None:
    found = [FaultWindow("w", "f", "", "", 30, 45, 30.0, None)]
    recovered = recoveries(found, _seconds(), BASE, 50)
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
    assert unsteady(_seconds(_tenths((-4, -3))), 0.01, 10) is None
    why = unsteady(_seconds(_tenths((-2, -1.5))), 0.01, 10)
    assert why == "50 of 100 calls failed 2 s before the end of warm-up"
    assert unsteady(lambda _tenth, _tenths: Due(), 0.01, 10) == "no call was due 3 s before the end of warm-up"
    assert unsteady(lambda _tenth, _tenths: Due(), 0.01, 0) is None


def test_pieces_are_cut_at_every_edge_and_every_five_seconds() -> None:
    found = [_window(15.5), FaultWindow("w", "f", "", "", 30, 45, 30.25, 45.0)]
    phases = spans(found, recoveries(found, _seconds(_tenths((15, 17))), BASE, 60), 60, 10)
    edges = pieces(phases, 5)
    assert edges[0] == -10
    assert edges[-1] == 60
    assert {0, 15.5, 17.0, 20, 30.25, 45} <= set(edges)
    assert max(b - a for a, b in pairwise(edges)) <= 5
