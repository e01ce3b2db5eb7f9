"""How pictures look: size, colours that a colour-blind person tells apart, fault windows with their names.

Pictures are 7.5 inches wide, so that their text is still readable on a phone, where the page lets
them scroll. Colours: Okabe and Ito, "Color Universal Design" (2008).
"""

from collections.abc import Iterable, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator
from matplotlib.transforms import blended_transform_factory

from harness.formatting import duration
from harness.results.summary import StepOutcome

mpl.use("Agg")

Floats = npt.NDArray[np.float64]

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#F0E442",
)  # fmt: skip
INK, QUIET, PALE = "#1b1f24", "#6b7280", "#e5e7eb"
CAUSE_COLOURS = (VERMILION, ORANGE, PURPLE, SKY, GREEN, YELLOW)
SHADE = "#b45309"

WIDTH_IN = 7.5
DPI = 130
LETTER_IN = 0.07
"""Width of a letter of a fault's name, to keep names apart."""

STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.labelcolor": QUIET,
    "axes.edgecolor": "#c4c9d0",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": PALE,
    "grid.linewidth": 0.6,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.facecolor": "white",
    "savefig.dpi": DPI,
}


def figure(height_in: float) -> Figure:
    """Return an empty figure of the page's width."""
    return Figure(figsize=(WIDTH_IN, height_in), layout="constrained")


def shade(axes: Axes, steps: Sequence[StepOutcome], *, names: bool, width_in: float = WIDTH_IN - 1) -> None:
    """Draw each fault: its real window shaded between solid edges, the planned edges dashed.

    ``names`` puts its id above the panel, on as many lines as it takes to keep names apart on a panel
    of ``width_in``.
    """
    for step in steps:
        if step.from_s is None:
            continue
        until_s = step.until_s if step.until_s is not None else axes.get_xlim()[1]
        if step.instant:
            axes.axvline(step.from_s, color=SHADE, linewidth=1.2)
        else:
            axes.axvspan(step.from_s, until_s, color=SHADE, alpha=0.10, linewidth=0)
            for edge_s in (step.from_s, step.until_s):
                if edge_s is not None:
                    axes.axvline(edge_s, color=SHADE, linewidth=0.9)
        for edge_s in (step.planned_from_s, step.planned_until_s):
            if edge_s is not None:
                axes.axvline(edge_s, color=SHADE, linewidth=0.8, linestyle=(0, (4, 3)), alpha=0.8)
    if names:
        _name(axes, [step for step in steps if step.from_s is not None], width_in)


def _name(axes: Axes, steps: Iterable[StepOutcome], width_in: float) -> None:
    low, high = axes.get_xlim()
    per_letter = (high - low) * LETTER_IN / width_in
    place = blended_transform_factory(axes.transData, axes.transAxes)
    ends: list[float] = []
    for step in sorted(steps, key=lambda step: step.from_s or 0.0):
        start, width = step.from_s or 0.0, (len(step.step) + 1) * per_letter
        start = min(start, high - width)
        lane = next((lane for lane, end in enumerate(ends) if end <= start), len(ends))
        ends[lane : lane + 1] = [start + width]
        axes.annotate(
            step.step, (start, 1.0), xycoords=place, xytext=(1, 3 + 11 * lane), textcoords="offset points",
            color=SHADE, fontsize=8, fontweight="bold", va="bottom", annotation_clip=False,
        )  # fmt: skip


def stack(axes: Axes, starts: "pd.Index[int]", values: Floats, base: Floats | None = None, **look: Any) -> Floats:
    """Fill one value per second from a base up; return the new base. One shape, however long the run."""
    low = np.zeros(len(values)) if base is None else base
    high: Floats = low + values
    axes.stairs(high, [*starts, starts[-1] + 1], baseline=low, fill=True, linewidth=0, **look)
    return high


def time_axis(axes: Axes, from_s: float, until_s: float, *, label: bool = True) -> None:
    """Set the common time axis, and mark the warm-up."""
    axes.set_xlim(from_s, until_s)
    if from_s < 0:
        axes.axvspan(from_s, 0, facecolor="none", edgecolor="#d1d5db", hatch="///", linewidth=0, zorder=0)
    if label:
        axes.set_xlabel("seconds from the end of warm-up (hatched: warm-up)" if from_s < 0 else "seconds")


def headroom(axes: Axes, share: float) -> None:
    """Leave room for a legend above what is drawn on a log scale: a share of its height, whatever that spans."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high * max((high / low) ** share, 1.1))


NARROW = 4
"""Ratio of an axis' ends below which its labels stand at round numbers."""


def durations(axes: Axes) -> None:
    """Print durations with their unit on a logarithmic y axis; call it when its limits are known."""
    low, high = axes.get_ylim()
    if high < NARROW * low:  # 1, 2, 5 would leave it with one label, or none
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_minor_locator(NullLocator())
    else:
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high < 100 * low else (1,), numticks=12))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))
    axes.yaxis.set_minor_formatter(NullFormatter())


def percent_axis(axes: Axes, highest: float) -> None:
    """Leave room for a legend above the highest share, and print no more than 100 %."""
    top = max(highest * 1.4, 1)
    ticks = [tick for tick in MaxNLocator(5).tick_values(0, min(top, 100)) if 0 <= tick <= min(top, 100)]
    axes.set_yticks(ticks)
    axes.set_ylim(0, top)
