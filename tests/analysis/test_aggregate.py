from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.merge import merge
from harness.analysis.summarise import summarise
from harness.results.run import read_run
from harness.results.series import COLUMNS, of, read_histogram, read_series
from harness.results.summary import ALL_METHODS, Summary
from tests.fakes import run
from tests.fakes.run import FakeRun


def _summary(path: Path) -> Summary:
    run = read_run(FakeRun(path).write())
    return summarise(run, merge(run))


def test_the_calls_of_each_address_are_counted_over_all_its_methods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("token", "not sent", "a.B/Get @ one:1", "a.B/Get @ two:1")
    monkeypatch.setattr(run, "METHODS", names)
    summary = _summary(tmp_path)
    cells = {cell.method: cell.calls for cell in summary.cells if cell.phase == "all"}
    assert {"* @ one:1", "* @ two:1"} <= cells.keys()
    assert cells["* @ one:1"] == cells["a.B/Get @ one:1"] > 0
    unsent = cells.get("not sent", 0)
    assert cells["* @ one:1"] + cells["* @ two:1"] + unsent == cells[ALL_METHODS]


def test_one_address_alone_has_no_cells_of_its_own(tmp_path: Path) -> None:
    summary = _summary(tmp_path)
    assert [cell.method for cell in summary.cells if " @ " in cell.method] == []


def test_a_fold_that_goes_to_disk_and_back_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = _summary(tmp_path / "held")
    monkeypatch.setattr("harness.results.histogram.LOOSE", 200)
    monkeypatch.setattr("harness.results.histogram.HELD", 500)
    monkeypatch.setattr("harness.results.histogram.BLOCKS", 100)
    spilled = _summary(tmp_path / "spilled")
    assert replace(spilled, run=held.run) == held
    first, second = (
        read_series(tmp_path / name).sort_values([*COLUMNS]).reset_index(drop=True) for name in ("held", "spilled")
    )
    assert first.astype(str).equals(second.astype(str))
    for series, phase, key in (("response", "steady", "ok"), ("service", "all", "failed")):
        cells, counts = read_histogram(tmp_path / "spilled", series, phase, key)
        rows = of(first, series, phase=phase, key=key).groupby("cell")["count"].sum()
        assert cells.tolist() == rows.index.tolist()
        assert counts.tolist() == rows.tolist()
