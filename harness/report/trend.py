"""The trend's picture and page: every metric over the builds, with the steps that are no luck."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from harness.comparison.history import Trend, told
from harness.comparison.statistics.noise_floor import RunSpread, reach
from harness.comparison.statistics.steps import MetricStep
from harness.formatting import plural
from harness.report.page import Shown, environment
from harness.report.style import BLUE, QUIET, STYLE, VERMILION, durations, figure

LABELS = 12
"""Builds whose names fit below a panel; of more, some are named."""

_CAPTION = (
    "Dots: single runs; line: the median of a build's runs. A step is drawn where the level moved for good, with the "
    "levels before and after. It annotates and never gates: single runs decide nothing. {floor}"
    "The numbers are in trend.csv."
)
_FLOOR = "Grey: how far two runs of one build lie apart on this host, as it was calibrated. "


def write_trend(folder: Path, found: Trend, floor: Mapping[str, RunSpread]) -> Path:
    """Write ``trend.png`` and ``trend.html`` into a folder; return the page.

    ``floor`` is this host's noise by metric, empty where nobody calibrated. Raises `OSError` when the disk refuses.
    """
    lines = told(found)
    with mpl.rc_context(STYLE):
        png = BytesIO()
        draw(found, floor).savefig(png, format="png")
    (folder / "trend.png").write_bytes(png.getvalue())
    title = lines[0] if any(found.steps.values()) else f"No step in {plural(len(found.points), 'build')}"
    picture = Shown("trend", title, _CAPTION.format(floor=_FLOOR if floor else ""), png.getvalue())
    page = environment().get_template("trend.html").render(found=found, lines=lines, picture=picture)
    (folder / "trend.html").write_text(page, encoding="utf-8")
    return folder / "trend.html"


def draw(found: Trend, floor: Mapping[str, RunSpread]) -> Figure:
    """Draw a panel for each metric, the builds from the oldest to the newest."""
    metrics = list(found.steps)
    drawn = figure(0.9 + 1.6 * len(metrics))
    panels = drawn.subplots(len(metrics), 1, sharex=True, squeeze=False)[:, 0]
    for panel, metric in zip(panels, metrics, strict=True):
        _panel(panel, found, metric, floor.get(metric))
        panel.set_title(metric)
    every = -(-len(found.points) // LABELS)
    places = list(range(0, len(found.points), every))
    panels[-1].set_xticks(places, [found.points[place].build[:24] for place in places], rotation=35, ha="right")
    return drawn


def _panel(axes: Axes, found: Trend, metric: str, spread: RunSpread | None) -> None:
    share = metric.startswith("failed ")
    scale = 100 if share else 1
    for place, point in enumerate(found.points):
        runs = [value * scale for value in point.each[metric] if value is not None]
        axes.plot([place] * len(runs), runs, "o", color=QUIET, markersize=3, alpha=0.6, linestyle="none")
    known = [place for place, point in enumerate(found.points) if point.values[metric] is not None]
    values = np.array([found.points[place].values[metric] for place in known], np.float64) * scale
    axes.plot(known, values, "-o", color=BLUE, markersize=4, linewidth=1.4)
    if spread is not None and values.size:
        away = reach(spread, len(found.steps))
        for from_x, until_x, level in _stretches(found, found.steps[metric], known, float(np.median(values)) / scale):
            middle = level * scale
            low, high = (
                (middle - away * scale, middle + away * scale)
                if share
                else (middle / np.exp(away), middle * np.exp(away))
            )
            band = Rectangle((from_x, low), until_x - from_x, high - low, color=QUIET, alpha=0.15, linewidth=0)
            axes.add_patch(band)
    _steps(axes, found, found.steps[metric], known, scale)
    if share:
        axes.set_ylabel("%")
        axes.set_ylim(bottom=0)
    elif values.size:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.set_ylim(low / 1.1, high * 1.2)
        durations(axes)


def _stretches(
    found: Trend, marks: Sequence[MetricStep], known: Sequence[int], level: float
) -> list[tuple[float, float, float]]:
    """Return from where to where a metric kept a level; all of it ``level`` where no step is marked."""
    edges = [-0.5, *(known[mark.at] - 0.5 for mark in marks), len(found.points) - 0.5]
    levels = [marks[0].before, *(mark.after for mark in marks)] if marks else [level]
    return list(zip(edges[:-1], edges[1:], levels, strict=True))


def _steps(axes: Axes, found: Trend, marks: Sequence[MetricStep], known: Sequence[int], scale: int) -> None:
    """Draw the levels on both sides of each step, and name the build that brought it."""
    edges = [known[mark.at] - 0.5 for mark in marks]
    for edge, start, end, mark in zip(
        edges, [-0.5, *edges], [*edges[1:], len(found.points) - 0.5], marks, strict=False
    ):
        axes.axvline(edge, color=VERMILION, linestyle="--", linewidth=1)
        for level, from_x, until_x in ((mark.before, start, edge), (mark.after, edge, end)):
            axes.hlines(level * scale, from_x, until_x, color=VERMILION, linewidth=2)
        axes.annotate(
            found.points[known[mark.at]].build[:24], (edge, 1.0), xycoords=("data", "axes fraction"), xytext=(3, -2),
            textcoords="offset points", va="top", fontsize=8, color=VERMILION, fontweight="bold",
        )  # fmt: skip
