"""The heat map: how response times were spread over time, which one line per quantile cannot show.

Two bands in one column are two kinds of calls, such as those that waited for a token beside those
that did not.
"""

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from harness.analysis.phases import pieces
from harness.formatting import duration, percent
from harness.report.pictures import Drawn, picture
from harness.report.story import Story
from harness.report.style import QUIET, durations, figure, shade, time_axis
from harness.results.histogram import value_of
from harness.results.series import BIN_S, of

ROWS_PER_DECADE = 12
COLOURS = "Blues"
"""One hue that darkens: lightness alone tells shares apart, to a colour-blind person and in print too."""

PALEST = 0.0002
"""Share that is drawn as white; one call of a thousand is still seen."""

STANDS_OUT = 0.05
"""Share of slow calls that makes the title name the stretch."""

FEWEST = 20
"""Calls that a stretch must have before the title speaks of it."""


@picture("heat", 15)
def draw(story: Story) -> Drawn | None:
    """Draw the share of each stretch's calls that fell into each band of response time."""
    found = _bands(story)
    if found.empty:
        return None
    drawn = figure(3.4)
    axes = drawn.subplots()
    _mesh(drawn, axes, story, found)
    durations(axes)
    axes.set_ylabel("response time\n(log scale)")
    axes.grid(visible=False)
    time_axis(axes, story.from_s, story.until_s)
    shade(axes, story.summary.steps, names=True, width_in=5.6)
    caption = (
        f"Each column is a stretch of at most {BIN_S} s, cut at the edges of faults and recoveries; the darker, the "
        "more of its successful calls took that long (white: none). Failed calls are left out."
    )
    return Drawn(_title(story, found), caption, drawn, found.drop(columns="row"))


def _bands(story: Story) -> pd.DataFrame:
    """Return how many calls of each stretch fell into each band: a row for each pair that has any."""
    edges = pieces(story.summary.phases, BIN_S)
    stretches = dict(enumerate(pairwise(edges)))
    series = of(story.series, "pieces")
    series = series[series["at_s"].isin(list(stretches))]
    times_s = np.maximum(value_of(series["cell"].to_numpy(np.int64)), 1) / 1e6
    bands = pd.DataFrame(
        {
            "place": series["at_s"].to_numpy(),
            "row": np.floor(np.log10(times_s) * ROWS_PER_DECADE).astype(int),
            "calls": series["count"].to_numpy(),
        }
    )
    found = bands.groupby(["place", "row"])["calls"].sum().reset_index()
    found.insert(0, "from_s", [stretches[place][0] for place in found["place"]])
    found.insert(1, "until_s", [stretches[place][1] for place in found["place"]])
    found.insert(2, "over_s", _edge_s(found["row"].to_numpy()))
    found.insert(3, "under_s", _edge_s(found["row"].to_numpy() + 1))
    found["share"] = found["calls"] / found.groupby("place")["calls"].transform("sum")
    return found.drop(columns="place")


def _edge_s(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    edges: npt.NDArray[np.float64] = 10 ** (rows / ROWS_PER_DECADE)
    return edges


def _mesh(drawn: Figure, axes: Axes, story: Story, found: pd.DataFrame) -> None:
    """Fill the panel, and draw the scale of its colours."""
    edges = np.array(pieces(story.summary.phases, BIN_S))
    lowest, highest = int(found["row"].min()), int(found["row"].max())
    shares = np.full((highest - lowest + 1, edges.size - 1), np.nan)
    shares[found["row"] - lowest, np.searchsorted(edges, found["from_s"])] = found["share"]
    rows_s = _edge_s(np.arange(lowest, highest + 2))
    axes.set_yscale("log")
    mesh = axes.pcolormesh(edges, rows_s, shares, cmap=COLOURS, norm=LogNorm(PALEST, 1), linewidth=0, zorder=0.5)
    bar = drawn.colorbar(mesh, ax=axes, extend="min", pad=0.02, aspect=18)
    bar.set_ticks([0.001, 0.01, 0.1, 1], labels=[percent(share) for share in (0.001, 0.01, 0.1, 1)])
    bar.set_label("share of the stretch's calls", color=QUIET)


def _title(story: Story, found: pd.DataFrame) -> str:
    usual_s = story.summary.cell("steady").response_ok.p99_s
    if usual_s is None:
        return "How response times were spread over time"
    slow, height = found["calls"].where(found["over_s"] >= usual_s, 0), found["calls"] * found["row"]
    parts = found.assign(slow=slow, height=height)[found["from_s"] >= 0].groupby(["from_s", "until_s"])
    stretches = parts[["calls", "slow", "height"]].sum().query(f"calls >= {FEWEST}").reset_index()
    if stretches.empty:
        return "How response times were spread over time"
    shares = stretches["slow"] / stretches["calls"]
    over = duration(usual_s)
    if shares.max() < STANDS_OUT:
        return f"No stretch stands out: at most {percent(float(shares.max()))} of one's calls took over {over}"
    slowest = (stretches["height"] / stretches["calls"]).where(shares >= STANDS_OUT, -np.inf)
    place = int(slowest.to_numpy().argmax())  # by the band of its average call
    worst = percent(float(shares[place]))
    from_s, until_s = stretches["from_s"][place], stretches["until_s"][place]
    return (
        f"From {from_s:.3g} s to {until_s:.3g} s, {worst} of the successful calls took over {over}: "
        "in steady state one in a hundred does"
    )
