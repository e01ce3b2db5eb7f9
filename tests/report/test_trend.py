import random
from pathlib import Path

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from harness.comparison.history import BuildPoint, Trend
from harness.comparison.statistics.noise_floor import RunSpread
from harness.comparison.statistics.steps import steps
from harness.report.trend import draw, write_trend


def _history(builds: int, *, slower_from: int | None = None, slower: float = 1.2) -> Trend:
    dice = random.Random(7)
    points = []
    for place in range(builds):
        level = 0.05 * (slower if slower_from is not None and place >= slower_from else 1)
        runs = tuple(level * dice.gauss(1, 0.01) for _ in range(3))
        failed = (0.001, 0.0, None)
        each: dict[str, tuple[float | None, ...]] = {"p99 steady": runs, "failed all": failed}
        values: dict[str, float | None] = {"p99 steady": sorted(runs)[1], "failed all": 0.0005}
        points.append(BuildPoint(f"v{place}", f"2026-11-{place + 1:02}", ("a", "b", "c"), values, each))
    marks = {"p99 steady": steps([point.values["p99 steady"] or 0.0 for point in points]), "failed all": ()}
    return Trend("storm", tuple(points), marks, ())


def test_the_page_names_the_build_that_brought_a_step(tmp_path: Path) -> None:
    found = _history(16, slower_from=9)
    text = write_trend(tmp_path, found, {}).read_text()
    assert "p99 steady: moved from" in text
    assert "with v9" in text
    assert (tmp_path / "trend.png").read_bytes().startswith(b"\x89PNG")


def test_a_level_history_is_told_to_have_no_step(tmp_path: Path) -> None:
    text = write_trend(tmp_path, _history(16), {}).read_text()
    assert "<h3>No step in 16 builds</h3>" in text


def test_a_step_is_drawn_at_its_build_with_both_levels() -> None:
    panel = draw(_history(16, slower_from=9), {}).axes[0]
    dashed = [float(np.asarray(line.get_xdata())[0]) for line in panel.lines if line.get_linestyle() == "--"]
    assert dashed == [8.5]
    levels = [float(levels.get_segments()[0][0][1]) for levels in panel.collections]  # type: ignore[attr-defined]
    assert levels == pytest.approx([0.05, 0.06], rel=0.02)


def test_the_noise_floor_is_a_band_and_needs_a_calibration(tmp_path: Path) -> None:
    floor = {"p99 steady": RunSpread(-3.0, 0.02, 10)}
    bands = [len(draw(_history(5), given).axes[0].patches) for given in ({}, floor)]
    assert bands == [0, 1]
    assert "as it was calibrated" in write_trend(tmp_path, _history(5), floor).read_text()
    assert "as it was calibrated" not in write_trend(tmp_path, _history(5), {}).read_text()


def test_the_band_lies_around_the_level_on_either_side_of_a_step() -> None:
    panel = draw(_history(16, slower_from=9), {"p99 steady": RunSpread(-3.0, 0.02, 10)}).axes[0]
    bands = [patch.get_bbox() for patch in panel.patches if isinstance(patch, Rectangle)]
    assert [(band.x0, band.x1) for band in bands] == [(-0.5, 8.5), (8.5, 15.5)]
    assert [band.y0 < level < band.y1 for band, level in zip(bands, (0.05, 0.06), strict=True)] == [True, True]


def test_one_build_alone_is_drawn(tmp_path: Path) -> None:
    assert "No step in 1 build" in write_trend(tmp_path, _history(1), {}).read_text()
