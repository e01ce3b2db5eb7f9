"""Failures by cause: how many of each build's calls failed, why, and when."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.comparison.result import CauseOfDuel
from harness.formatting import cause_words, percent, signed
from harness.report.duel import duel_picture
from harness.report.duel.sides import BuildSide, Sides
from harness.report.pictures import Drawn
from harness.report.style import (
    GREEN,
    INK,
    PURPLE,
    QUIET,
    SKY,
    VERMILION,
    YELLOW,
    Floats,
    figure,
    percent_axis,
    shade,
    stack,
    time_axis,
)
from harness.results.series import of

COLOURS = (VERMILION, PURPLE, GREEN, YELLOW, INK, SKY)
"""Not orange and blue: those are the builds."""


@duel_picture("duel-causes", 40)
def draw(sides: Sides) -> Drawn | None:
    """Draw the causes over time, a panel a build, above how much each cost both of them."""
    causes = sides.duel.causes[: len(COLOURS)]
    if not sides.base.stories or not causes:
        return None
    drawn = figure(4.6 + 0.42 * len(causes))
    grid = drawn.add_gridspec(3, 1, height_ratios=[2, 2, 0.9 + 0.55 * len(causes)])
    panels = [drawn.add_subplot(grid[place]) for place in range(3)]
    tables = [_over_time(panel, sides, side, causes) for panel, side in zip(panels, sides.both, strict=False)]
    highest = max(float(table.drop(columns="at_s").sum(axis=1).max()) for table in tables)
    for panel, side in zip(panels, sides.both, strict=False):
        percent_axis(panel, 100 * highest)
        time_axis(panel, sides.from_s, sides.until_s, label=side is sides.new)
        shade(panel, sides.steps, names=side is sides.base)
        panel.set_ylabel(f"{side.role}\n(% of those due)")
    panels[0].legend(loc="upper left", ncols=3)
    _bars(panels[2], sides, causes)
    caption = (
        f"All runs of a build together; above {sides.base.label}, below {sides.new.label}. Bars: "
        "the share of all planned calls; at the right the change with its 95 % interval, where there "
        "was enough to compare. Only the failed calls as a whole decide about the verdict."
    )
    table = pd.concat([table.assign(side=side.role) for table, side in zip(tables, sides.both, strict=True)])
    return Drawn(_title(sides), caption, drawn, table)


def _title(sides: Sides) -> str:
    new = sides.duel.new_causes
    if new:
        return new[0].sentence
    return sides.sentence("failed all", "failed steady", "failed fault") or sides.duel.causes[0].sentence


def _over_time(axes: Axes, sides: Sides, side: BuildSide, causes: Sequence[CauseOfDuel]) -> pd.DataFrame:
    """Stack the share of each cause in each second, and return the shares."""
    seconds = pd.RangeIndex(sides.from_s, sides.until_s)
    finals = pd.concat([of(story.series, "finals") for story in side.stories])
    counts = finals.pivot_table(
        index="at_s", columns="key", values="count", aggfunc="sum", fill_value=0, observed=True
    ).reindex(seconds, fill_value=0)
    due = counts.sum(axis=1).clip(lower=1).to_numpy(float)
    base: Floats = np.zeros(len(seconds))
    shares = {}
    for cause, colour in zip(causes, COLOURS, strict=False):
        found = counts[cause.cause].to_numpy(float) if cause.cause in counts else np.zeros(len(seconds))
        shares[cause.cause] = found / due
        base = stack(axes, seconds, 100 * found / due, base, color=colour, label=cause_words(cause.cause).label)
    return pd.DataFrame({"at_s": seconds, **shares})


def _bars(axes: Axes, sides: Sides, causes: Sequence[CauseOfDuel]) -> None:
    planned = {side.role: sum(story.summary.cell("all").calls for story in side.stories) for side in sides.both}
    longest = 0.0
    for place, cause in enumerate(causes):
        for side, shift, counts in ((sides.base, -0.19, cause.base), (sides.new, 0.19, cause.new)):
            ratio = sum(counts) / max(planned[side.role], 1)
            longest = max(longest, 100 * ratio)
            hatch = "//" if side is sides.new else None
            axes.barh(place + shift, 100 * ratio, 0.34, color=side.colour, hatch=hatch, edgecolor="white", linewidth=0)
            axes.annotate(
                f"{percent(ratio)}", (100 * ratio, place + shift), xytext=(3, 0), textcoords="offset points",
                va="center", fontsize=7.5, color=INK,
            )  # fmt: skip
        axes.annotate(
            _change(cause), (1.0, place), xycoords=("axes fraction", "data"), xytext=(-2, 0), ha="right",
            textcoords="offset points", va="center", fontsize=8, color=INK,
        )  # fmt: skip
    axes.set_yticks(range(len(causes)), [cause_words(cause.cause).label for cause in causes])
    axes.tick_params(axis="y", colors=INK)
    axes.set_ylim(len(causes) - 0.4, -0.6)
    axes.set_xlim(0, max(longest * 2.2, 0.01))
    axes.set_xlabel("failed calls, % of all planned (plain: base; hatched: new)", color=QUIET)
    axes.grid(visible=False, axis="y")


def _change(cause: CauseOfDuel) -> str:
    if cause.interval is None:
        return cause.standing
    mean, low, high = (
        100 * float(end) for end in (np.mean(cause.differences), cause.interval.low, cause.interval.high)
    )
    return f"{signed(mean)} points ({signed(low)} to {signed(high)})"
