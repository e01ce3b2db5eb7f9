from pathlib import Path

import numpy as np

from harness.analysis.columns import Rows, counted_us
from harness.analysis.merge import merge
from harness.results.call_journal import Journal
from harness.results.row import Cause, Flag, Origin, RowKind
from harness.results.run import read_run
from tests.fakes.run import ZERO_NS, FakeRun


def test_arrivals_are_planned_calls_from_zero_on(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", duration_s=2, warm_up_s=1, workers=1, per_s=10, steps=()).write()
    assert arrivals_of(path) == 20


def test_attempts_and_later_calls_of_a_task_are_no_arrivals(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", duration_s=2, warm_up_s=1, workers=1, steps=()).write()
    journal = Journal(path, 0)
    for nth, flags in ((0, Flag.PLANNED | Flag.FINAL), (0, Flag.PLANNED), (1, Flag.FINAL)):
        journal.add(
            ZERO_NS + 10**9, 7, 0, 0, 900, 5_000, 0, 0, RowKind.CALL, nth, 0, flags, journal.method("m"), 0,
            Origin.NONE, Cause.OK,
        )  # fmt: skip
    journal.close()
    assert arrivals_of(path) == 1


def arrivals_of(path: Path) -> int:
    merge(read_run(path))
    return sum(chunk.arrivals for chunk in Rows(path).chunks())


def test_a_call_in_flight_when_a_fault_began_counts_from_then() -> None:
    due, took = np.array([1, 5, 9, 10, -3]), np.array([8, 6, 30, 1, 30])
    assert counted_us(due, took, np.array([10, 20])).tolist() == [1, 10, 10, 10, -3]


def test_without_faults_calls_count_when_they_were_due() -> None:
    due = np.array([1, 5])
    assert counted_us(due, due, np.array([], np.int64)).tolist() == [1, 5]
