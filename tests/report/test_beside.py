from pathlib import Path
from typing import Any

import pytest

from harness.analysis.explain import explain
from harness.report import report_run
from harness.report.beside import beside, steady_share
from harness.results.call_journal import Journal
from harness.results.row import NO_LIFE, Cause, Flag, Origin, RowKind
from harness.results.run import read_run
from tests.fakes.run import CHECKS, STEPS, ZERO_NS, FakeRun

LOCKED_OUT: dict[str, Any] = {"hurt_s": 1000.0, "steps": ({**STEPS[0], "allow_open": True},), "checks": CHECKS[:1]}


def test_failures_of_the_whole_run_and_the_share_of_steady_state_stand_beside_the_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from harness.report import main

    run = FakeRun(tmp_path / "run", **LOCKED_OUT).write()
    assert main([str(run), "--no-pictures"]) == 0
    said = capsys.readouterr().out
    assert "expiry-storm: passed" in said
    assert "failed, which is" in said
    assert "Steady state is 25 % of the run" in said
    assert "not good again after 15-expire_all, which the scenario allows" in said
    for name in ("report.html", "report.md", "junit.xml"):
        assert "Steady state is 25 % of the run" in (run / name).read_text()


def test_the_report_of_a_run_that_ended_open_says_so_everywhere(tmp_path: Path) -> None:
    steps, checks = STEPS[:1], CHECKS[:1]
    run = FakeRun(tmp_path / "run", hurt_s=1000.0, steps=steps, checks=checks).write()
    assert report_run(run, pictures=False).verdict.exit_code == 1
    for name in ("report.html", "report.md", "junit.xml", "summary.json"):
        assert "not good again when the load ended" in (run / name).read_text()


def test_a_run_without_failures_and_faults_has_nothing_beside_its_verdict(tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "run", duration_s=10, steps=()).write()
    summary = report_run(run, pictures=False)
    assert steady_share(summary) == 1
    assert beside(summary) == []


def test_calls_that_the_stop_cut_are_in_no_ratio_and_named(tmp_path: Path) -> None:
    path = FakeRun(tmp_path / "run", duration_s=10, workers=1, steps=()).write()
    journal, method = Journal(path, 0), 2
    for at_s in (9.0, 9.5):
        journal.add(
            ZERO_NS + round(at_s * 1e9), 9_999, 0, 0, 1_000, NO_LIFE, 0, 0, RowKind.NOT_SENT, 0, 0,
            Flag.FINAL | Flag.PLANNED, method, -1, Origin.GENERATOR, Cause.STOPPED,
        )  # fmt: skip
    journal.close()
    summary = report_run(path, pictures=False)
    assert (summary.cell("all").failed, summary.cell("steady").failed, summary.health.stopped) == (0, 0, 2)
    assert beside(summary) == ["2 calls were cut by the run's own stop, and in no ratio."]
    said = "\n".join(explain(read_run(path)))
    assert "2 calls cut by the run's own stop" in said
    assert "give more users" not in said
