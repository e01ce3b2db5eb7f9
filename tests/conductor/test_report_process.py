"""Tests of the report that another process makes of a run."""

import logging
from pathlib import Path

import pytest

from harness.conductor import report_process
from harness.conductor.report_process import make_report
from harness.results.summary import read_summary
from tests.fakes.run import FakeRun


def test_a_run_gets_its_page_and_its_verdict_comes_back(tmp_path: Path) -> None:
    run = FakeRun(tmp_path / "run", per_s=20.0, duration_s=60.0).write()
    reported = make_report(run, pictures=False)
    assert reported is not None
    assert reported.has_page
    assert str(run / "report.html") in reported.said
    assert reported.exit_code == read_summary(run).verdict.exit_code


def test_a_report_that_breaks_has_no_page_and_its_reason_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "jwtstorm"):
        reported = make_report(tmp_path, pictures=False)
    assert reported is not None
    assert (reported.has_page, reported.said) == (False, "")
    assert f"{tmp_path} is no run folder" in caplog.text


def test_a_report_that_takes_too_long_names_the_way_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report_process, "WITHIN_S", 0.0)
    assert make_report(tmp_path, pictures=False) is None
    assert f"make it with: jwtstorm report {tmp_path}" in caplog.text
