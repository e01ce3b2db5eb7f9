"""The runs one by one: what each pair measured, in the order it was made."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, NullLocator

from harness.comparison.result import FindingOfDuel
from harness.formatting import duration, plural
from harness.report.duel import duel_picture
from harness.report.duel.sides import Sides
from harness.report.pictures import Drawn
from harness.report.style import QUIET, durations, figure


@duel_picture("duel-runs", 60)
def draw(sides: Sides) -> Drawn | None:
    """Draw each primary's value in every run, the two of a pair joined, with who went first."""
    findings, pairs = sides.duel.findings, sides.duel.counted
    if not findings or not pairs:
        return None
    columns = min(len(findings), 2)
    rows = -(-len(findings) // columns)
    drawn = figure(0.5 + 1.9 * rows)
    panels = drawn.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    numbers = [pair.number for pair in pairs]
    first = [pair.order[0] for pair in pairs]
    for panel, one in zip(panels, findings, strict=False):
        _panel(panel, sides, one, numbers, first)
    for panel in panels[len(findings) :]:
        panel.set_visible(False)
    table = pd.DataFrame({"pair": numbers, "order": [pair.order for pair in pairs]})
    for one in findings:
        table[f"{one.metric} base"], table[f"{one.metric} new"] = _floats(one.base), _floats(one.new)
    caption = (
        "Circles: base; squares: new; the two runs of a pair are joined, and the filled one went first, as the coin "
        "decided. What moves both runs of a pair alike is the host's doing, and does not count."
    )
    return Drawn(_title(sides, first), caption, drawn, table)


def _panel(axes: Axes, sides: Sides, one: FindingOfDuel, numbers: list[int], first: list[str]) -> None:
    scale = 100.0 if one.scale == "points" else 1.0
    values = {"A": _floats(one.base) * scale, "B": _floats(one.new) * scale}
    axes.vlines(numbers, values["A"], values["B"], color=QUIET, linewidth=0.8, zorder=1)
    for build, side, mark in (("A", sides.base, "o"), ("B", sides.new, "s")):
        size = 44 if build == "A" else 22  # where both are alike, both are seen
        faces = [side.colour if began == build else "white" for began in first]
        axes.scatter(numbers, values[build], s=size, marker=mark, c=faces, edgecolors=side.colour, zorder=2)
    axes.set_title(one.metric)
    if one.scale == "log" and np.isfinite([values["A"], values["B"]]).any():
        axes.set_yscale("log")
        _few_durations(axes)
    else:
        axes.set_ylabel("%" if one.scale == "points" else one.unit)
        axes.set_ylim(bottom=0 if one.scale == "points" else None)
    axes.set_xticks(numbers)
    axes.tick_params(labelbottom=True)
    axes.set_xlabel("pair")


def _few_durations(axes: Axes) -> None:
    """Print durations where runs lie within a factor of ten or so, and powers of ten would be one tick."""
    low, high = axes.get_ylim()
    if high > 10 * low:
        durations(axes)
        return
    ticks = [tick for tick in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= tick <= high]
    axes.set_yticks(ticks, [duration(tick) for tick in ticks])
    axes.yaxis.set_minor_locator(NullLocator())


def _floats(values: tuple[float | None, ...]) -> "np.ndarray":
    return np.array([np.nan if value is None else value for value in values])


def _title(sides: Sides, first: list[str]) -> str:
    made = plural(len(first), "pair")
    began = first.count("A")
    aside = len(sides.duel.set_aside)
    text = f"{made}: base went first in {began}, new in {len(first) - began}"
    return f"{text}; {plural(aside, 'pair')} set aside" if aside else text
