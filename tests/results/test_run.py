from pathlib import Path

import pytest

from harness.results.run import reports_folder


def test_runs_are_kept_where_reports_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPORTS", raising=False)
    assert reports_folder() == Path("reports")
    monkeypatch.setenv("REPORTS", "elsewhere")
    assert reports_folder() == Path("elsewhere")


def test_an_empty_reports_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPORTS", "")  # as make exports it
    assert reports_folder() == Path("reports")
