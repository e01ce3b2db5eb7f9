"""The percentile spectrum: how slow the slowest calls were, response and service time."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from harness.checks import checks_of
from harness.formatting import duration, number, phase_words, quantile_name
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import BLUE, QUIET, VERMILION, durations, figure
from harness.results.histogram import quantiles

TICKS = (0.5, 0.9, 0.99, 0.999, 0.9999)


@picture("spectrum", 20)
def draw(story: Story) -> Drawn | None:
    """Draw latency against the percentile, steady state and the whole run."""
    drawn = figure(3.6)
    axes = drawn.subplots()
    tables = []
    for phase, colour in (("all", VERMILION), ("steady", BLUE)):
        for series, dashes, width in (("response", "-", 1.8), ("service", "--", 1.2)):
            found = _curve(story, series, phase)
            if found is None:
                continue
            label = f"{series} time {phase_words(phase)}"
            axes.plot(
                1 / (1 - found["percentile"]), found["seconds"], dashes, color=colour, linewidth=width, label=label
            )
            tables.append(found.assign(series=series, phase=phase))
    if not tables:
        return None
    table = pd.concat(tables)
    _axes(axes, story, float(1 / (1 - table["percentile"].max())))
    calls = story.summary.cell("all").response_ok.n
    caption = (
        f"Successful calls ({number(calls)} in the whole run). Response time counts from when a call was due, "
        "service time from when it left: where they part, calls waited for a token, a retry or a free user. "
        "Each line ends where five slower calls are left."
    )
    return Drawn(_title(story), caption, drawn, table)


def _curve(story: Story, series: str, phase: str) -> pd.DataFrame | None:
    cells, counts = story.histogram(series, phase)
    total = int(counts.sum())
    if total < 10:
        return None
    shares = 1 - np.logspace(0, -np.log10(total / 5), 200)
    return pd.DataFrame({"percentile": shares, "seconds": np.maximum(quantiles(cells, counts, shares) / 1e6, 1e-6)})


def _axes(axes: Axes, story: Story, right: float) -> None:
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(top=axes.get_ylim()[1] * 4)
    durations(axes)
    axes.set_xticks([1 / (1 - share) for share in TICKS], [quantile_name(share) for share in TICKS])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(1, right * 1.1)
    axes.set_xlabel("percentile of calls (each step to the right: ten times rarer)")
    axes.set_ylabel("time (log scale)")
    for check in checks_of(story.run):
        settings = check.to_json()
        if check.check == "response_time" and settings["when"] == "steady" and 1 / (1 - settings["quantile"]) <= right:
            axes.plot(1 / (1 - settings["quantile"]), settings["below_s"], marker="v", color=QUIET, linestyle="none")
            axes.annotate(
                f"limit of {quantile_name(settings['quantile'])} in steady state",
                (1 / (1 - settings["quantile"]), settings["below_s"]), xytext=(-2, -15), textcoords="offset points",
                ha="right", fontsize=8, color=QUIET,
            )  # fmt: skip
    axes.legend(loc="upper left")


def _title(story: Story) -> str:
    steady, whole = story.summary.cell("steady").response_ok, story.summary.cell("all").response_ok
    if steady.p99_s is None or whole.p99_s is None:
        return "Too few calls succeeded to speak of the slowest hundredth"
    if whole.p99_s < 1.2 * steady.p99_s:
        return f"The slowest hundredth of calls took over {duration(steady.p99_s)}, with and without faults"
    return (
        f"The slowest hundredth took over {duration(steady.p99_s)} in steady state, "
        f"and over {duration(whole.p99_s)} in the whole run"
    )
