from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.merge import merged
from harness.analysis.open_ends import open_steps
from harness.analysis.phases import Baseline, Due, DueIn, FaultWindow, recoveries
from harness.analysis.summarise import summarise
from harness.results.run import read_run
from harness.results.summary import Summary
from tests.fakes.run import CHECKS, STEPS, FakeRun

BASE = Baseline(failure_limit=0.01, p99_s=0.1, calls=3000, source="test")
LOCKED_OUT = {"hurt_s": 1000.0, "steps": STEPS[:1]}
"""Tokens die at 15 s and calls fail to the end."""


def tenths(*spans_s: tuple[float, float]) -> set[int]:
    return {tenth for from_s, until_s in spans_s for tenth in range(round(from_s * 10), round(until_s * 10))}


def seconds(bad: Iterable[int] = (), *, slow: Iterable[int] = (), idle: Iterable[int] = ()) -> DueIn:
    calls = tenths((-10, 60)) - set(idle)

    def due_in(tenth: int, size: int) -> Due:
        held = calls & set(range(tenth, tenth + size))
        return Due(10 * len(held), 10 * len(held & set(bad)), 10 * len(held & set(slow)))

    return due_in


def window(from_s: float, until_s: float | None = None, *, step: str = "step", allow_open: bool = False) -> FaultWindow:
    return FaultWindow(step, "fault", "environment", "", from_s, until_s, from_s, until_s, allow_open=allow_open)


def open_after(due_in: DueIn, *found: FaultWindow) -> set[str]:
    return set(open_steps(found, recoveries(found, due_in, BASE, 60), due_in, BASE, 60))


@pytest.mark.parametrize(
    ("due_in", "of"),
    [
        (seconds(tenths((15, 60))), window(15)),  # for good, as a rotation before a verifier that reads its keys once
        (seconds(tenths((31, 45.1), (58, 60))), window(30, 57)),
        (seconds(tenths((59, 60))), window(30, 60)),  # in force to the end, and failing
        (seconds({tenth for tenth in tenths((20, 60)) if tenth % 20 < 4}), window(20)),  # every other second
        (seconds(slow=tenths((20, 60))), window(20)),
        (seconds(idle=tenths((20, 60))), window(20)),  # nobody calls any more: users hang
    ],
)
def test_a_step_is_open_when_calls_are_not_good_again_at_the_end(due_in: DueIn, of: FaultWindow) -> None:
    assert open_after(due_in, of) == {"step"}


@pytest.mark.parametrize(
    ("due_in", "of"),
    [
        (seconds(tenths((15, 20))), window(15)),
        (seconds(), window(30, 60)),  # in force to the end, and nobody suffers
        (seconds(tenths((30, 59))), window(30, 59)),  # a good second is left, no three
        (seconds(tenths((30, 59.5))), window(30, 59.5)),
        (seconds(slow=tenths((58.5, 60))), window(30, 58.5)),  # two slow seconds are no proof
    ],
)
def test_a_step_is_not_open_when_nothing_says_that_calls_stayed_bad(due_in: DueIn, of: FaultWindow) -> None:
    assert open_after(due_in, of) == set()


def test_a_load_with_few_calls_is_not_open_for_its_empty_seconds() -> None:
    def now_and_then(tenth: int, size: int) -> Due:
        return Due(sum(at % 25 == 0 for at in range(tenth, tenth + size)))

    assert open_after(now_and_then, window(20)) == set()


def test_what_follows_from_a_step_that_may_end_open_is_not_held_against_others() -> None:
    before, lock_out = window(28, step="before"), window(30, step="lock-out", allow_open=True)
    assert open_after(seconds(tenths((30, 60))), before, lock_out) == {"lock-out"}


def summary_of(folder: Path, **settings: Any) -> Summary:
    run = read_run(FakeRun(folder / "run", **settings).write())
    return summarise(run, merged(run))


@pytest.mark.parametrize("checks", [(), CHECKS[:1]], ids=["no check", "steady state only"])
def test_a_run_that_locks_its_callers_out_for_good_never_passes(tmp_path: Path, checks: Any) -> None:
    summary = summary_of(tmp_path, checks=checks, **LOCKED_OUT)
    assert (summary.verdict.word, summary.verdict.exit_code) == ("failed", 1)
    assert "not good again when the load ended at 60 s, after 15-expire_all" in summary.verdict.reasons[-1]
    assert "allow_open=True" in summary.verdict.reasons[-1]


def test_a_run_may_end_open_where_its_scenario_says_so(tmp_path: Path) -> None:
    steps = ({**STEPS[0], "allow_open": True},)
    summary = summary_of(tmp_path, checks=CHECKS[:1], hurt_s=1000.0, steps=steps)
    assert summary.verdict.word == "passed"
    assert [(step.open, step.allow_open) for step in summary.steps] == [(True, True)]


def test_a_failed_recovery_check_says_it_alone(tmp_path: Path) -> None:
    summary = summary_of(tmp_path, checks=(CHECKS[2],), **LOCKED_OUT)
    assert [check.check["check"] for check in summary.checks if check.result == "failed"] == ["recovery"]
