"""Before and after: both builds on one time axis, aligned on the edges of the faults, and how they differ."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.formatting import quantile_name
from harness.report.duel import duel_picture
from harness.report.duel.sides import BuildSide, Sides, aligned
from harness.report.duel.ticks import ratio_ticks, ratio_words
from harness.report.pictures import Drawn
from harness.report.story import Story, clearest
from harness.report.style import INK, QUIET, Floats, durations, figure, headroom, shade, time_axis

SHARES = (0.5, 0.9, 0.95, 0.99)
SMALL = 0.10
"""A change that the title does not dwell on; the scenario's own smallest one decides about the verdict."""


@duel_picture("duel-timeline", 20)
def draw(sides: Sides) -> Drawn | None:
    """Draw the quantile of response time, the failures, and the change from baseline to candidate."""
    if not sides.base.stories:
        return None
    share = _share(sides)
    at_s: Floats = np.arange(sides.from_s, sides.until_s, dtype=np.float64) + 0.5
    times, halves = (
        {side.role: np.stack([_times(story, sides, which, at_s) for story in side.stories]) for side in sides.both}
        for which in (share, SHARES[0])
    )
    failed = {side.role: np.stack([_failed(story, sides, at_s) for story in side.stories]) for side in sides.both}
    changes = np.log(times["new"] / times["base"])
    drawn = figure(6.6)
    panels = drawn.subplots(3, 1, sharex=True, height_ratios=[1.3, 0.9, 1])
    for side in sides.both:
        _envelope(panels[0], at_s, times[side.role], side)
        panels[0].step(at_s, _middle(halves[side.role])[1], where="mid", color=side.colour, linewidth=0.9)
        _envelope(panels[1], at_s, 100 * failed[side.role], side)
    _look(panels, share, known=any(np.isfinite(_middle(halves[role])[1]).any() for role in halves))
    _difference(panels[2], at_s, changes)
    for panel in panels:
        time_axis(panel, sides.from_s, sides.until_s, label=panel is panels[-1])
        shade(panel, sides.steps, names=panel is panels[0])
    caption = (
        f"Line: the median run; band: all runs, lowest to highest. {quantile_name(share)} of successful calls in "
        "pieces of at most 5 s; failed calls of those due in a second. Below, the same moment of both runs of a pair: "
        "median pair, and the band of all pairs. Thin: p50. Real edges of faults are laid onto planned ones. A gap: "
        "too few calls in more than half of the runs."
    )
    return Drawn(_title(at_s, changes, share), caption, drawn, _table(at_s, times, failed, changes))


def _share(sides: Sides) -> float:
    """Return the highest quantile that every run can tell most of the time."""
    found = [clearest(story.pieces(SHARES), SHARES) for side in sides.both for story in side.stories]
    return min((share for share in found if share is not None), default=SHARES[0])


def _times(story: Story, sides: Sides, share: float, at_s: Floats) -> Floats:
    """Return a run's quantile at moments of the plan, NaN where it cannot be told."""
    pieces = story.pieces((share,))
    starts = aligned(story, sides.steps)(pieces["from_s"])
    place = np.clip(np.searchsorted(starts, at_s, side="right") - 1, 0, len(pieces) - 1)
    end_s = aligned(story, sides.steps)(pieces["until_s"])[-1] if len(pieces) else 0.0
    values: Floats = pieces[share].to_numpy(float)[place]
    return np.where((at_s >= starts[0]) & (at_s < end_s), values, np.nan)


def _failed(story: Story, sides: Sides, at_s: Floats) -> Floats:
    """Return a run's share of failed calls in the second that holds each moment of the plan."""
    failures = story.failures()
    calls = failures["calls"].to_numpy(float)
    failed = failures.drop(columns="calls").sum(axis=1).to_numpy(float)
    shares = np.divide(failed, calls, out=np.full(calls.size, np.nan), where=calls > 0)
    middles = aligned(story, sides.steps)(failures.index.to_numpy(float) + 0.5)
    nearest = np.abs(middles[np.newaxis, :] - at_s[:, np.newaxis]).argmin(axis=1)
    found: Floats = shares[nearest]
    return np.where((at_s >= story.from_s) & (at_s < story.until_s), found, np.nan)


def _middle(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Return lowest, median and highest of runs (shape (runs, n)) at each moment; NaN where under half can tell."""
    known = (~np.isnan(values)).sum(axis=0) * 2 >= len(values)
    found = np.full((3, values.shape[1]), np.nan)
    if known.any():
        found[:, known] = np.nanpercentile(values[:, known], [0, 50, 100], axis=0)
    return found[0], found[1], found[2]


def _envelope(axes: Axes, at_s: Floats, values: Floats, side: BuildSide) -> None:
    low, middle, high = _middle(values)
    axes.fill_between(at_s, low, high, step="mid", color=side.colour, alpha=0.18, linewidth=0)
    axes.step(at_s, middle, side.dashes, where="mid", color=side.colour, linewidth=1.8, label=side.label)


def _look(panels: Sequence[Axes], share: float, *, known: bool) -> None:
    if known:
        panels[0].set_yscale("log")
        headroom(panels[0], 0.25)
        durations(panels[0])
    panels[0].set_ylabel(f"{quantile_name(share)} response time\n(log scale)")
    panels[0].legend(loc="upper left", ncols=2)
    panels[1].set_ylabel("failed calls\n(% of those due)")
    panels[1].set_ylim(0, max(panels[1].get_ylim()[1], 1))


def _difference(axes: Axes, at_s: Floats, changes: Floats) -> None:
    low, middle, high = _middle(changes)
    axes.fill_between(at_s, low, high, step="mid", color=QUIET, alpha=0.25, linewidth=0)
    axes.step(at_s, middle, where="mid", color=INK, linewidth=1.6)
    axes.axhline(0, color=QUIET, linewidth=1)
    reach = np.nanmax(np.abs([low, high]), initial=0.05) if not np.isnan(middle).all() else 0.05
    axes.set_ylim(-1.1 * reach, 1.1 * reach)
    ticks = ratio_ticks(1.1 * reach)
    axes.set_yticks(ticks, [ratio_words(tick) for tick in ticks])
    axes.set_ylabel("new against base\n(up: slower)")


def _title(at_s: Floats, changes: Floats, share: float) -> str:
    name = quantile_name(share)
    low, middle, high = _middle(changes[:, at_s > 0])  # what happened in the warm-up is drawn, and no headline
    at_s = at_s[at_s > 0]
    if np.isnan(middle).all():
        return "Too few calls succeeded to compare response times over time"
    place = int(np.nanargmax(np.abs(middle)))
    size, moment = ratio_words(float(middle[place])), f"{at_s[place] - 0.5:.0f} s"
    doubt = "; pairs disagree which way" if low[place] < 0 < high[place] else ""
    if abs(middle[place]) < np.log1p(SMALL):
        return f"At no moment did {name} of the median pair differ by more than {size.lstrip('+-')}"
    if np.nanmedian(np.abs(middle)) >= np.log1p(SMALL):
        usual = ratio_words(float(np.nanmedian(middle)))
        worst = "" if usual == size else f", and {size} at {moment}"
        return f"{name} of the median pair is {usual} most of the time{worst}{doubt}"
    return f"{name} of the median pair differs most at {moment}: {size}{doubt}"


def _table(at_s: Floats, times: dict[str, Floats], failed: dict[str, Floats], changes: Floats) -> pd.DataFrame:
    columns = {"at_s": at_s - 0.5}
    for role in ("base", "new"):
        low, middle, high = _middle(times[role])
        columns |= {f"{role}_s": middle, f"{role}_lowest_s": low, f"{role}_highest_s": high}
        columns[f"{role}_failed_ratio"] = _middle(failed[role])[1]
    low, middle, high = _middle(changes)
    return pd.DataFrame({**columns, "change_ln": middle, "change_lowest_ln": low, "change_highest_ln": high})
