"""The forest: every metric's change with its interval, each pair's own as a dot, and what is too small to matter."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from harness.comparison.result import AsideOfDuel, FindingOfDuel, MetricOfDuel
from harness.comparison.words import between, change
from harness.report.duel import duel_picture
from harness.report.duel.sides import Sides, worst_first
from harness.report.duel.ticks import ratio_ticks
from harness.report.pictures import Drawn
from harness.report.style import BLUE, GREEN, INK, PALE, QUIET, VERMILION, figure

COLOURS = {"worse": VERMILION, "better": GREEN, "same": BLUE}
MARKS = {"worse": "X", "better": "D", "same": "s", "too noisy to tell": "o"}
"""A shape beside each colour: nobody has to tell red from green."""

ASIDES_SHOWN = 8
ROW_IN = 0.36
SCALES = {"log": "change of the time (right: the candidate is slower)", "points": "change in percentage points"}


@duel_picture("duel-forest", 10)
def draw(sides: Sides) -> Drawn | None:
    """Draw the changes of times and of shares, each on an axis of its own."""
    rows = [*sides.duel.findings, *_asides(sides.duel.asides)]
    parts = [(scale, [one for one in rows if one.scale == scale]) for scale in SCALES]
    parts = [(scale, part) for scale, part in parts if any(_known(one) for one in part)]
    if not parts:
        return None
    drawn = figure(0.9 + 0.55 * len(parts) + ROW_IN * sum(len(part) for _, part in parts))
    panels = drawn.subplots(len(parts), 1, squeeze=False, height_ratios=[len(part) + 1 for _, part in parts])[:, 0]
    for panel, (scale, part) in zip(panels, parts, strict=True):
        _panel(panel, part)
        panel.set_xlabel(SCALES[scale])
    caption = (
        "Bar: the interval of the change, over all pairs; mark: their mean; dots: the single pairs. Grey: changes too "
        "small to matter, as the scenario says. Bold: what decides; paler: worth reading, and never decides. "
        "A dot at the edge lies beyond it."
    )
    title = worst_first(sides.duel.findings)[0].sentence if sides.duel.findings else "What the pairs say beside it"
    return Drawn(title, caption, drawn, _table(rows, sides))


def _asides(asides: Sequence[AsideOfDuel]) -> list[AsideOfDuel]:
    """Return those worth a look first; changes that are neither ratios nor shares stand in the table only."""
    fit = [one for one in asides if one.scale in SCALES and one.interval is not None]
    return sorted(fit, key=lambda one: not one.worth_a_look)[:ASIDES_SHOWN]


def _known(metric: MetricOfDuel) -> list[float]:
    return [one for one in metric.differences if one is not None]


def _panel(axes: Axes, rows: Sequence[MetricOfDuel]) -> None:
    reach = _reach(rows)
    axes.set_xlim(-reach, reach)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    for place, one in enumerate(rows):
        _row(axes, place, one, reach)
    axes.axvline(0, color=QUIET, linewidth=1)
    axes.set_yticks(range(len(rows)), [one.metric for one in rows])
    for label, one in zip(axes.get_yticklabels(), rows, strict=True):
        label.set(color=INK if isinstance(one, FindingOfDuel) else QUIET)
        label.set_fontweight("bold" if isinstance(one, FindingOfDuel) else "normal")
    axes.grid(visible=False, axis="y")
    ticks = _ticks(reach, rows[0].scale)
    axes.set_xticks(ticks, [change(rows[0], tick) if tick else "0" for tick in ticks])


def _ticks(reach: float, scale: str) -> list[float]:
    """Return ticks at round percentages, or round points: few of them."""
    if scale != "log":
        return [float(tick) for tick in MaxNLocator(6).tick_values(-reach, reach) if abs(tick) <= reach]
    return ratio_ticks(reach)


def _reach(rows: Sequence[MetricOfDuel]) -> float:
    """Return how far the axis goes: all that primaries hold, and the intervals of the rest within twice of that."""
    deciding = [abs(value) for one in rows if isinstance(one, FindingOfDuel) for value in (*_known(one), one.smallest)]
    ends = [abs(end) for one in rows if one.interval for end in (one.interval.low, one.interval.high)]
    limit = 2 * max(deciding) if deciding else math.inf
    return 1.08 * max([*deciding, *(min(end, limit) for end in ends), 1e-6])


def _row(axes: Axes, place: int, one: MetricOfDuel, reach: float) -> None:
    deciding = isinstance(one, FindingOfDuel)
    word = one.word if isinstance(one, FindingOfDuel) else ""
    colour = COLOURS.get(word, INK if deciding else QUIET)
    if isinstance(one, FindingOfDuel):
        axes.add_patch(Rectangle((-one.smallest, place - 0.42), 2 * one.smallest, 0.84, color=PALE, zorder=0.6))
    dots = np.clip(_known(one), -0.99 * reach, 0.99 * reach)
    spread = np.linspace(-0.16, 0.16, len(dots)) if len(dots) > 1 else np.zeros(len(dots))
    axes.plot(dots, place + spread, "o", color=colour, markersize=3, alpha=0.55, linestyle="none")
    if one.interval is not None:
        ends = np.clip([one.interval.low, one.interval.high], -reach, reach)
        axes.plot(ends, [place, place], color=colour, linewidth=3.2 if deciding else 1.6, alpha=1 if deciding else 0.6)
    if one.middle is not None and abs(one.middle) < reach:
        axes.plot(one.middle, place, MARKS.get(word, "o"), color=colour, markersize=7 if deciding else 4)
    text = f"{word}  {change(one, one.middle)}" if deciding else change(one, one.middle)
    axes.annotate(
        text, (1.0, place), xycoords=("axes fraction", "data"), xytext=(6, 0), textcoords="offset points", va="center",
        fontsize=8, color=colour, fontweight="bold" if deciding else "normal", annotation_clip=False,
    )  # fmt: skip


def _table(rows: Sequence[MetricOfDuel], sides: Sides) -> pd.DataFrame:
    """Return a row per metric: word, interval, and each pair's change on the metric's scale."""
    numbers = [pair.number for pair in sides.duel.counted]
    return pd.DataFrame(
        [
            {
                "metric": one.metric,
                "decides": isinstance(one, FindingOfDuel),
                "word": one.word if isinstance(one, FindingOfDuel) else "",
                "scale": one.scale,
                "middle": one.middle,
                "low": one.interval.low if one.interval else None,
                "high": one.interval.high if one.interval else None,
                "smallest_that_matters": one.smallest if isinstance(one, FindingOfDuel) else None,
                "in_words": between(one),
                **{f"pair_{number}": value for number, value in zip(numbers, one.differences, strict=True)},
            }
            for one in rows
        ]
    )
