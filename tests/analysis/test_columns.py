from pathlib import Path

from harness.analysis.columns import Rows
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
