from pathlib import Path
from typing import Any

import pytest

from harness.report import report_run
from harness.report.beside import beside, steady_share
from tests.fakes.run import CHECKS, STEPS, FakeRun

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
