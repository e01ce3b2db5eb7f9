import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.errors import RecordError
from harness.results.call_journal import Journal
from harness.results.row import NO_LIFE, Cause, Flag, Origin, RowKind
from harness.results.run import read_run
from harness.results.series import of, read_series
from harness.results.summary import Summary, read_summary, write_summary
from tests.fakes.run import METHODS, ZERO_NS, FakeRun


def _summary(fake: FakeRun) -> Summary:
    run = read_run(fake.write())
    return summarise(run, merge(run))


def _by_hand(path: Path, rows: Sequence[tuple[float, int, int, int, Cause]], **run: object) -> Summary:
    """Fold a run of exactly these calls: due at, lag, latency (µs), flags, cause."""
    fake = FakeRun(path, per_s=1, duration_s=10, warm_up_s=0, workers=1, steps=(), checks=(), run=run)
    fake.write()
    journal = Journal(path, 0)
    for name in METHODS:
        journal.method(name)
    for call_id, (at_s, lag_us, latency_us, flags, cause) in enumerate(rows):
        kind = RowKind.NOT_SENT if cause is Cause.LATE else RowKind.CALL
        origin = Origin.NONE if cause is Cause.OK else Origin.GENERATOR
        journal.add(
            ZERO_NS + round(at_s * 1e9), call_id, lag_us, 0, latency_us, NO_LIFE, 0, 0, kind, 0, 0,
            flags | Flag.FINAL | Flag.PLANNED, 2, 0, origin, cause,
        )  # fmt: skip
    journal.close()
    data = json.loads((path / "run.json").read_text())
    data["workers"][0]["rows"] = len(rows)
    (path / "run.json").write_text(json.dumps(data))
    loaded = read_run(path)
    return summarise(loaded, merge(loaded))


def test_quantiles_of_a_thousand_known_calls_are_those_by_hand(tmp_path: Path) -> None:
    rows = [(i / 100, 0, 1000 * (i + 1), 0, Cause.OK) for i in range(1000)]
    spread = _by_hand(tmp_path, rows).cell("steady").response_ok
    assert spread.n == 1000
    assert spread.p50_s == pytest.approx(0.5, rel=0.002)
    assert spread.p99_s == pytest.approx(0.99, rel=0.002)
    assert spread.p99_9_s is None  # one call lies beyond it, and it takes five
    assert spread.max_s == 1.0


def test_response_time_holds_the_lag_and_service_time_does_not(tmp_path: Path) -> None:
    cell = _by_hand(tmp_path, [(i / 10, 30_000, 10_000, 0, Cause.OK) for i in range(100)]).cell("steady")
    assert cell.response_ok.max_s == pytest.approx(0.04)
    assert cell.service_ok.max_s == pytest.approx(0.01)


def test_calls_never_sent_are_failures_and_stand_apart_from_successes(tmp_path: Path) -> None:
    rows = [(i / 10, 0, 1000, 0, Cause.OK) for i in range(90)]
    rows += [(9 + i / 10, 2_000_000, 0, Flag.BUSY, Cause.LATE) for i in range(10)]
    cell = _by_hand(tmp_path, rows).cell("all")
    assert (cell.calls, cell.failed, cell.not_sent, cell.attempts) == (100, 10, 10, 90)
    assert cell.causes == {"LATE": 10}
    assert cell.response_ok.max_s == pytest.approx(0.001)
    assert cell.response_failed.max_s == pytest.approx(2.0)


def test_lag_while_a_user_was_free_makes_a_run_invalid(tmp_path: Path) -> None:
    summary = _by_hand(tmp_path, [(i / 100, 60_000, 1000, 0, Cause.OK) for i in range(1000)], planned_s=10)
    assert summary.verdict.word == "invalid"
    assert "load generator was the bottleneck" in summary.verdict.reasons[0]


def test_lag_while_all_users_were_busy_is_the_targets(tmp_path: Path) -> None:
    rows = [(i / 100, 60_000, 1000, Flag.BUSY, Cause.OK) for i in range(1000)]
    summary = _by_hand(tmp_path, rows)
    assert summary.health.lag_busy.n == 1000
    assert not [problem for problem in summary.problems if problem.kind == "saturated"]


def test_the_storm_is_folded_into_phases_recoveries_and_refreshes(tmp_path: Path) -> None:
    summary = _summary(FakeRun(tmp_path))
    assert summary.verdict.word == "passed"
    assert summary.cell("steady").failed == 0
    assert summary.cell("all").calls == 12_000
    first, latency, _ = summary.steps
    assert first.recovery_s == pytest.approx(1.2)  # what `FakeRun.hurt_s` says
    assert latency.recovery_s == 0
    assert first.fetches_peak_per_s >= 15
    assert summary.cell("recovery:15-expire_all").failed > 0
    phases = [phase.name for phase in summary.phases]
    assert phases[:3] == ["warm-up", "all", "steady"]


def test_a_call_may_be_in_two_phases_and_methods_add_up(tmp_path: Path) -> None:
    summary = _summary(FakeRun(tmp_path))
    for phase in summary.phases:
        parts = [cell for cell in summary.cells if cell.phase == phase.name and cell.method != "*"]
        assert sum(cell.calls for cell in parts) == summary.cell(phase.name).calls
        assert sum(cell.response_ok.n for cell in parts) == summary.cell(phase.name).response_ok.n
    inside = (
        summary.cell("30-latency").calls + summary.cell("steady").calls + summary.cell("recovery:15-expire_all").calls
    )
    assert inside == summary.cell("all").calls


def test_the_series_holds_every_call_once_and_quantiles_agree_with_the_rows(tmp_path: Path) -> None:
    summary = _summary(FakeRun(tmp_path))
    series = read_series(tmp_path)
    assert of(series, "response", phase="all")["count"].sum() == summary.cell("all").calls
    assert of(series, "finals")["count"].sum() == 14_000
    rows = pq.read_table(tmp_path / "calls.parquet").to_pandas()
    chosen = rows[(rows["cause"] == "OK") & (rows["flags"] & Flag.FINAL > 0) & (rows["kind"] == "CALL")]
    chosen = chosen[chosen["intended_us"] >= 0]
    exact = np.sort((chosen["lag_us"] + chosen["wait_us"] + chosen["latency_us"]).to_numpy())
    rank = math.ceil(0.99 * exact.size) - 1
    assert summary.cell("all").response_ok.p99_s == pytest.approx(exact[rank] / 1e6, rel=0.002)


def test_a_summary_survives_its_file(tmp_path: Path) -> None:
    summary = _summary(FakeRun(tmp_path))
    write_summary(tmp_path, summary)
    assert read_summary(tmp_path) == summary


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 99}', '{"schema": 1}'])
def test_a_summary_that_is_none_says_how_to_make_it_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(RecordError, match="jwtstorm report"):
        read_summary(tmp_path)


def _verdict(path: Path, **fields: object) -> tuple[str, int, str]:
    verdict = _summary(FakeRun(path, **fields)).verdict  # type: ignore[arg-type]
    return verdict.word, verdict.exit_code, " ".join(verdict.reasons)


def test_a_check_that_does_not_hold_fails_the_run(tmp_path: Path) -> None:
    word, code, reasons = _verdict(tmp_path, hurt_s=5.0)
    assert (word, code) == ("failed", 1)
    assert "-expire_all calls were good again 5" in reasons


def test_failures_in_warm_up_make_the_run_invalid(tmp_path: Path) -> None:
    word, code, reasons = _verdict(tmp_path, failing=0.05)
    assert (word, code) == ("invalid", 3)
    assert reasons.startswith("Unsteady before the storm")


def test_an_interrupted_run_is_neither_failed_nor_invalid(tmp_path: Path) -> None:
    word, code, reasons = _verdict(
        tmp_path, failing=0.05, run={"state": "interrupted", "interrupted": "SIGINT", "ended_s": 20.0}
    )
    assert (word, code) == ("interrupted", 130)
    assert "SIGINT" in reasons


def test_a_killed_run_is_invalid_and_still_counted(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path, run={"state": "running", "ended_s": None, "workers": []})
    summary = _summary(fake)
    assert (summary.verdict.word, summary.verdict.exit_code) == ("invalid", 3)
    assert "killed" in summary.verdict.reasons[0]
    assert summary.cell("all").calls == 12_000
    assert summary.duration_s == pytest.approx(60, abs=0.1)


def test_a_run_without_calls_after_warm_up_is_invalid(tmp_path: Path) -> None:
    word, code, reasons = _verdict(tmp_path, run={"zero_ns": None, "ended_s": 0.0})
    assert (word, code) == ("invalid", 3)
    assert "not one call was due" in reasons.lower()


def test_a_load_cut_short_is_invalid(tmp_path: Path) -> None:
    word, _, reasons = _verdict(tmp_path, steps=(), checks=(), run={"ended_s": 30.0})
    assert word == "invalid"
    assert "its plan is 60 s" in reasons


def test_a_fault_that_was_never_applied_is_invalid(tmp_path: Path) -> None:
    fake = FakeRun(tmp_path)
    path = fake.write()
    (path / "faults.ndjson").unlink()
    run = read_run(path)
    verdict = summarise(run, merge(run)).verdict
    assert verdict.word == "invalid"
    assert "never applied" in verdict.reasons[0]


def test_what_the_conductor_found_makes_the_run_invalid(tmp_path: Path) -> None:
    word, _, reasons = _verdict(tmp_path, run={"problems": [{"kind": "undo_failed", "text": "toxic is still there"}]})
    assert word == "invalid"
    assert "Toxic is still there." in reasons


def test_a_check_without_data_makes_the_run_invalid(tmp_path: Path) -> None:
    checks = ({"check": "response_time", "quantile": 0.999, "below_s": 1.0, "when": "15-expire_all"},)
    word, _, reasons = _verdict(tmp_path, checks=checks)
    assert word == "invalid"
    assert "takes 5,000" in reasons
