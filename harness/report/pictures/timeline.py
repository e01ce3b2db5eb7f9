"""The time line: how slow, how many failures and why, how much load, all under the fault windows."""

from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from harness.formatting import cause_words, duration, percent
from harness.report.pictures import Drawn, picture
from harness.report.story import OTHERS, Story
from harness.report.style import (
    BLUE,
    CAUSE_COLOURS,
    GREEN,
    INK,
    QUIET,
    SKY,
    durations,
    figure,
    percent_axis,
    shade,
    stack,
    time_axis,
)

SHARES = (0.5, 0.9, 0.95, 0.99)


@picture("timeline", 10)
def draw(story: Story) -> Drawn | None:
    """Draw times, failures, load and token fetches on one time axis."""
    if not story.calls and not story.summary.cell("warm-up").calls:
        return None
    drawn = figure(7.2)
    panels = drawn.subplots(4, 1, sharex=True, height_ratios=[1.3, 1, 0.8, 0.6])
    times = story.pieces(SHARES)
    failures, answered = story.failures(), story.seconds("answered")
    fetches = story.seconds("fetches").sum(axis=1)
    _times(panels[0], times)
    _failures(panels[1], failures, story.causes)
    load = _load(panels[2], failures, answered).assign(token_fetches=fetches)
    stack(panels[3], fetches.index, fetches.to_numpy(), color=INK)
    panels[3].set_ylabel("token fetches\nper second")
    for panel in panels:
        time_axis(panel, story.from_s, story.until_s, label=panel is panels[-1])
        shade(panel, story.summary.steps, names=panel is panels[0])
    table = load.join(failures.drop(columns="calls").add_prefix("failed_"))
    caption = (
        "Response time counts from when a call was due, successful calls only, in pieces of 5 s cut at the edges of "
        "faults and recoveries; dotted: p95 or p90, where fewer than five calls lie beyond p99. Failed calls are a "
        "share of the calls due in that second. Solid edge of a fault: when it was really in force; dashed: when it "
        "was planned."
    )
    return Drawn(_title(story, failures), caption, drawn, table.rename_axis("at_s").reset_index())


def _title(story: Story, failures: pd.DataFrame) -> str:
    calls = failures["calls"]
    failed = failures.drop(columns="calls").sum(axis=1)[lambda column: column.index >= 0]
    ratio = (failed / calls.clip(lower=1)).loc[failed.index]
    steady = story.summary.cell("steady").response_ok
    usual = f"in steady state half of the calls took under {duration(steady.p50_s)}" if steady.p50_s else ""
    if failed.sum() == 0:
        return "Not one call failed" + (f"; {usual}" if usual else "")
    worst = ratio.index[int(ratio.to_numpy().argmax())]
    bad = int((failed > 0).sum())
    return f"Calls failed in {bad} of {len(failed)} seconds, at worst {percent(ratio.max())} of those due at {worst} s"


def _times(axes: Axes, times: pd.DataFrame) -> None:
    """Draw p50 and p99 as horizontal pieces; dotted, the highest quantile that is known where p99 is not."""
    upper = _highest(times)
    exact = times[SHARES[-1]].notna()
    dashes: Literal["-", ":"]
    for values, chosen, colour, dashes in (
        (times[0.5], times[0.5].notna(), SKY, "-"),
        (upper, exact, BLUE, "-"),
        (upper, ~exact & upper.notna(), BLUE, ":"),
    ):
        axes.hlines(values[chosen], times["from_s"][chosen], times["until_s"][chosen], colour, dashes, linewidth=2)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(low / 1.2, high * 1.2)
    durations(axes)
    axes.set_ylabel("response time\n(log scale)")
    for name, values, colour in (("p99" if exact.any() else "high", upper, BLUE), ("p50", times[0.5], SKY)):
        known = values.dropna()
        if not known.empty:
            axes.annotate(
                name, (times["until_s"][known.index[-1]], known.iloc[-1]), xytext=(3, 0),
                textcoords="offset points", color=colour, fontsize=8, va="center", annotation_clip=False,
            )  # fmt: skip


def _highest(times: pd.DataFrame) -> "pd.Series[float]":
    """Return the highest quantile that is known in each piece."""
    return times[list(reversed(SHARES))].bfill(axis=1).iloc[:, 0]


def _failures(axes: Axes, failures: pd.DataFrame, causes: list[str]) -> None:
    calls = failures["calls"].clip(lower=1)
    base = np.zeros(len(failures))
    for cause, colour in zip(causes, CAUSE_COLOURS, strict=False):
        share = 100 * failures[cause].to_numpy() / calls.to_numpy()
        label = cause if cause == OTHERS else cause_words(cause).label
        base = stack(axes, failures.index, share, base, color=colour, label=label)
    axes.set_ylabel("failed calls\n(% of those due)")
    percent_axis(axes, base.max())
    if causes:
        axes.legend(loc="upper left", ncols=min(len(causes), 3))
    else:
        axes.annotate("no call failed", (0.5, 0.5), xycoords="axes fraction", ha="center", color=QUIET)


def _load(axes: Axes, failures: pd.DataFrame, answered: pd.DataFrame) -> pd.DataFrame:
    good = answered["ok"] if "ok" in answered else failures["calls"] * 0
    edges = [*failures.index, failures.index[-1] + 1]
    axes.stairs(good, edges, color=GREEN, linewidth=1.6, label="succeeded (at their end)", baseline=None)
    axes.stairs(failures["calls"], edges, color=QUIET, linewidth=1.2, linestyle="--", label="due", baseline=None)
    axes.set_ylabel("calls\nper second")
    axes.set_ylim(0, max(failures["calls"].max(), good.max(), 1) * 1.5)
    axes.legend(loc="upper left", ncols=2)
    return pd.DataFrame({"due": failures["calls"], "succeeded": good})
