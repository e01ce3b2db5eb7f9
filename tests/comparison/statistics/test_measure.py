from pathlib import Path

import numpy as np
import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.measure import Measured, measure_run
from harness.comparison.statistics.metric import primary
from harness.comparison.statistics.typical import typical_p99_s
from harness.results.histogram import cell_of
from harness.results.run import read_run
from harness.results.summary import write_summary
from tests.fakes.run import FakeRun

FAULT = primary("p99_typical fault")


def measured(path: Path, matters: Matters | None = None, **fields: object) -> Measured:
    FakeRun(path, **fields).write()  # type: ignore[arg-type]
    run = read_run(path)
    write_summary(path, summarise(run, merge(run)))
    return measure_run(path, matters or Matters())


def test_five_primaries_of_a_storm_four_of_a_calm_run(tmp_path: Path) -> None:
    storm, still = measured(tmp_path / "storm"), measured(tmp_path / "calm", steps=())
    assert [str(metric) for metric in storm.values] == [
        "p50 steady", "p99 steady", "p99_typical steady", "p99_typical fault", "failed all",
    ]  # fmt: skip
    assert FAULT not in still.values
    assert len(still.values) == 4


def test_a_run_twice_as_slow_has_twice_the_times(tmp_path: Path) -> None:
    base, slow = measured(tmp_path / "a", lag_us=0), measured(tmp_path / "b", slowness=2.0, lag_us=0)
    for text in ("p50 steady", "p99 steady", "p99_typical steady"):
        before, after = base.values[primary(text)], slow.values[primary(text)]
        assert before
        assert after
        assert after / before == pytest.approx(2.0, rel=0.05)


def test_the_share_that_failed_is_of_all_planned_calls(tmp_path: Path) -> None:
    run = measured(tmp_path / "a")
    assert run.calls == 12_000
    assert run.values[primary("failed all")] == pytest.approx(sum(run.causes.values()) / 12_000)
    assert set(run.causes) == {"EXPIRED", "DEADLINE"}


def test_the_fault_is_asked_about_at_its_planned_time_and_one_step_alone_too(tmp_path: Path) -> None:
    chosen = Matters(primaries=("p99 15-expire_all", "failed 30-latency", "failed fault", "p50 fault"))
    run = measured(tmp_path / "a", chosen)
    values = {str(metric): value for metric, value in run.values.items()}
    assert all(value is not None for value in values.values())
    during = values["failed fault"]
    assert during
    assert during > 0.01
    assert values["p99 15-expire_all"] > values["p50 fault"]  # type: ignore[operator]


def test_what_cannot_be_told_is_none(tmp_path: Path) -> None:
    run = measured(tmp_path / "a", per_s=5)
    assert run.values[primary("p99_typical steady")] is None
    assert run.values[primary("failed all")] is not None


def test_beside_the_primaries_stand_all_calls_recoveries_and_methods(tmp_path: Path) -> None:
    names = {str(metric) for metric in measured(tmp_path / "a").secondary}
    assert {"p99 with failed calls steady", "recovery 30-latency", "token fetches all"} <= names
    assert {"goodput within 0.25 s steady", "p99 of Transfer steady"} <= names


def rows(windows_us: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    at_s = np.concatenate([np.full(len(one), 5 * place) for place, one in enumerate(windows_us)])
    values = np.concatenate([np.array(one) for one in windows_us])
    return at_s, cell_of(values), np.ones(values.size, np.int64)


def test_one_stalled_window_of_three_does_not_move_the_typical_p99() -> None:
    calm, stalled = [100] * 500, [100] * 400 + [200_000] * 100
    assert typical_p99_s(*rows([calm, stalled, calm])) == pytest.approx(100e-6)
    assert typical_p99_s(*rows([calm, stalled, stalled])) == pytest.approx(0.2, rel=0.002)


def test_windows_of_few_calls_are_joined_until_five_may_be_slower() -> None:
    few = [100] * 250
    assert typical_p99_s(*rows([few, few])) == pytest.approx(100e-6)
    assert typical_p99_s(*rows([few])) is None
