"""The comparison's page: runs side by side, with their curves overlaid."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from harness.comparison.single_runs import Comparison
from harness.files import write_whole
from harness.formatting import duration, percent, quantile_name
from harness.report.page import MARKS, Shown, environment
from harness.report.story import Story, clearest
from harness.report.style import BLUE, GREEN, ORANGE, PURPLE, STYLE, VERMILION, durations, figure, shade, time_axis
from harness.results.histogram import quantiles
from harness.results.run import Run
from harness.results.series import BIN_S

BUILD_COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILION)
"""The baseline is always blue, the first candidate orange."""

DASHES = ("-", (0, (5, 1)), (0, (1, 1)), "-.", (0, (3, 1, 1, 1)))
SHARES = (0.5, 0.9, 0.95, 0.99)
TICKS = (0.5, 0.9, 0.99, 0.999, 0.9999)


def write_comparison(found: Comparison, folder: Path) -> None:
    """Write ``compare.html`` and its pictures into a folder."""
    stories = [Story(Run(path, {}), summary) for path, summary in zip(found.paths, found.summaries, strict=True)]
    shown = []
    for name, draw in (("compare-timeline", _timeline), ("compare-spectrum", _spectrum)):
        with mpl.rc_context(STYLE):
            title, caption, drawn = draw(found, stories)
            png = BytesIO()
            drawn.savefig(png, format="png")
        (folder / f"{name}.png").write_bytes(png.getvalue())
        shown.append(Shown(name, title, caption, png.getvalue()))
    text = environment().get_template("compare.html").render(found=found, pictures=shown, marks=MARKS)
    write_whole(folder / "compare.html", text)


def _look(place: int) -> dict[str, Any]:
    return {"color": BUILD_COLOURS[place % len(BUILD_COLOURS)], "linestyle": DASHES[place % len(DASHES)]}


def _timeline(found: Comparison, stories: Sequence[Story]) -> tuple[str, str, Figure]:
    drawn = figure(4.6)
    top, bottom = drawn.subplots(2, 1, sharex=True)
    times = [story.quantiles_over_time("response", SHARES) for story in stories]
    share = min((clearest(one, SHARES) or SHARES[0] for one in times), default=SHARES[0])
    for place, (name, story, one) in enumerate(zip(found.names, stories, times, strict=True)):
        edges = [*one.index, one.index[-1] + BIN_S]
        top.stairs(one[share].to_numpy(), edges, baseline=None, linewidth=1.6, label=name, **_look(place))
        failures = story.failures()
        failed = failures.drop(columns="calls").sum(axis=1) / failures["calls"].clip(lower=1) * 100
        edges = [*failures.index, failures.index[-1] + 1]
        bottom.stairs(failed.to_numpy(), edges, baseline=None, linewidth=1.4, label=name, **_look(place))
    top.set_yscale("log")
    durations(top)
    top.set_ylabel(f"{quantile_name(share)} response time\n(log scale)")
    bottom.set_ylabel("failed calls\n(% of those due)")
    bottom.set_ylim(0, max(bottom.get_ylim()[1], 1))
    for panel in (top, bottom):
        time_axis(panel, min(one.from_s for one in stories), max(one.until_s for one in stories), label=panel is bottom)
        shade(panel, stories[0].summary.steps, names=panel is top)
    bottom.legend(loc="upper left")
    ratios = [summary.cell("all").failure_ratio for summary in found.summaries]
    parts = [f"{name} {percent(ratio)}" for name, ratio in zip(found.names, ratios, strict=True)]
    caption = f"Successful calls per {BIN_S} s; failed calls per second. Shaded: the faults of {found.names[0]}."
    title = f"Failed calls in the whole run: {', '.join(parts)}" if any(ratios) else "Not one call failed in any run"
    return title, caption, drawn


def _spectrum(found: Comparison, stories: Sequence[Story]) -> tuple[str, str, Figure]:
    drawn = figure(3.4)
    panels = drawn.subplots(1, 2, sharey=True)
    right = 10.0
    for panel, phase, title in zip(panels, ("steady", "all"), ("steady state", "whole run"), strict=True):
        for place, (name, story) in enumerate(zip(found.names, stories, strict=True)):
            cells, counts = story.histogram("response", phase)
            total = int(counts.sum())
            if total < 10:
                continue
            rarity = np.logspace(0, np.log10(total / 5), 200)
            seconds = np.maximum(quantiles(cells, counts, 1 - 1 / rarity) / 1e6, 1e-6)
            panel.plot(rarity, seconds, linewidth=1.6, label=name, **_look(place))
            right = max(right, rarity[-1])
        panel.set_title(title)
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xlabel("percentile of calls")
    for panel in panels:
        panel.set_xticks([1 / (1 - share) for share in TICKS], [quantile_name(share) for share in TICKS])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlim(1, right * 1.1)
    durations(panels[0])
    panels[0].set_ylabel("response time (log scale)")
    panels[0].legend(loc="upper left")
    p99s = [story.summary.cell("steady").response_ok.p99_s for story in stories]
    parts = [f"{name} {duration(value)}" for name, value in zip(found.names, p99s, strict=True)]
    caption = "Successful calls, from when each was due. A line ends where five slower calls are left."
    return f"p99 response time in steady state: {', '.join(parts)}", caption, drawn
