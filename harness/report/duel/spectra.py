"""The percentile spectra: how slow the slowest calls of both builds were, in steady state and around each fault."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from harness.formatting import phase_words, quantile_name
from harness.report.duel import duel_picture
from harness.report.duel.sides import BuildSide, Sides
from harness.report.pictures import Drawn
from harness.report.story import Story
from harness.report.style import QUIET, Floats, durations, figure, headroom
from harness.results.histogram import quantiles

TICKS = (0.5, 0.9, 0.99, 0.999, 0.9999)
PANELS = 4
POINTS = 120


@duel_picture("duel-spectrum", 30)
def draw(sides: Sides) -> Drawn | None:
    """Draw latency against the percentile: a thin line a run, a thick one for the median of the runs."""
    if not sides.base.stories:
        return None
    phases = ["steady", *dict.fromkeys(step.phase for step in sides.steps)]
    curves = {phase: _curves(sides, phase) for phase in phases}
    shown = [phase for phase in phases if not curves[phase].empty][:PANELS]
    if not shown:
        return None
    columns = min(len(shown), 2)
    rows = -(-len(shown) // columns)
    drawn = figure(0.5 + 2.9 * rows)
    panels = drawn.subplots(rows, columns, sharey=True, sharex=True, squeeze=False).ravel()
    for panel, phase in zip(panels, shown, strict=False):
        _panel(panel, sides, curves[phase])
        panel.set_title(phase_words(phase))
    for panel in panels[len(shown) :]:
        panel.set_visible(False)
    _axes(panels[: len(shown)], max(1 / (1 - float(curves[phase]["percentile"].max())) for phase in shown))
    _limits(panels[0], sides)
    left_out = f" Not drawn: {', '.join(phases[len(shown) :])}." if len(phases) > len(shown) else ""
    caption = (
        "Successful calls. Thick: response time, from when a call was due, the median of the runs; thin: single runs; "
        "dotted: service time, from when it left. A line ends where five slower calls are left in a run." + left_out
    )
    title = sides.sentence("p99 steady", "p99_typical steady", "p50 steady") or "How slow the slowest calls were"
    return Drawn(title, caption, drawn, pd.concat([curves[phase] for phase in shown]))


def _curves(sides: Sides, phase: str) -> pd.DataFrame:
    """Return every run's curve of a phase: side, pair, series, percentile, seconds."""
    found = [
        curve.assign(phase=phase, side=side.role, pair=number, series=series)
        for side in sides.both
        for number, story in zip(sides.numbers, side.stories, strict=True)
        for series in ("response", "service")
        if not (curve := _curve(story, series, phase)).empty
    ]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _curve(story: Story, series: str, phase: str) -> pd.DataFrame:
    cells, counts = story.histogram(series, phase)
    total = int(counts.sum())
    rarity = _rarity()
    rarity = rarity[rarity <= total / 5 + 1e-9]
    if total < 10:
        return pd.DataFrame()
    seconds = np.maximum(quantiles(cells, counts, 1 - 1 / rarity) / 1e6, 1e-6)
    return pd.DataFrame({"percentile": 1 - 1 / rarity, "seconds": seconds})


def _rarity() -> Floats:
    """Return how rare the drawn percentiles are: one in so many calls, up to one in a million."""
    return np.logspace(0, 6, POINTS)


def _panel(axes: Axes, sides: Sides, curves: pd.DataFrame) -> None:
    for side in sides.both:
        own = curves[curves["side"] == side.role]
        response = own[own["series"] == "response"].pivot_table(index="percentile", columns="pair", values="seconds")
        axes.plot(1 / (1 - response.index), response, color=side.colour, linewidth=0.6, alpha=0.45)
        _median(axes, side, response, side.dashes, 2.2, side.label)
        service = own[own["series"] == "service"].pivot_table(index="percentile", columns="pair", values="seconds")
        _median(axes, side, service, ":", 1.4, None)


def _median(axes: Axes, side: BuildSide, runs: pd.DataFrame, dashes: str, width: float, label: str | None) -> None:
    whole = runs.dropna()
    axes.plot(1 / (1 - whole.index), whole.median(axis=1), dashes, color=side.colour, linewidth=width, label=label)


def _axes(panels: "np.ndarray", right: float) -> None:
    for panel in panels:
        panel.set_xscale("log")
        panel.set_yscale("log")
        panel.set_xticks([1 / (1 - share) for share in TICKS], [quantile_name(share) for share in TICKS])
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlim(1, right * 1.1)
        panel.tick_params(labelbottom=True)
        panel.set_xlabel("percentile of calls")
    headroom(panels[0], 0.35)
    for panel in panels:
        durations(panel)
    for panel in panels[::2]:
        panel.set_ylabel("time (log scale)")
    panels[0].legend(loc="upper left")


def _limits(axes: Axes, sides: Sides) -> None:
    """Mark what the scenario's own checks allow in steady state."""
    for check in sides.base.stories[0].summary.checks:
        if check.check.get("check") == "response_time" and check.check.get("when") == "steady":
            axes.axhline(check.limit, color=QUIET, linestyle=(0, (6, 3)), linewidth=1)
            name = quantile_name(float(check.check["quantile"]))
            axes.annotate(
                f"limit of {name}", (1.0, check.limit), xycoords=("axes fraction", "data"), xytext=(-2, 2),
                textcoords="offset points", ha="right", va="bottom", fontsize=8, color=QUIET,
            )  # fmt: skip
