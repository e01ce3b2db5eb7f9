"""Heat maps side by side: how response times of both builds were spread over time."""

import numpy as np
import pandas as pd
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm

from harness.formatting import duration, percent
from harness.report.duel import duel_picture
from harness.report.duel.sides import BuildSide, Sides, bins_of
from harness.report.pictures import Drawn
from harness.report.style import QUIET, durations, figure, shade, time_axis
from harness.results.histogram import quantiles, value_of
from harness.results.series import BIN_S

ROWS_PER_DECADE = 12
COLOURS = "Blues"
NORM = LogNorm(0.0002, 1)


@duel_picture("duel-heat", 50)
def draw(sides: Sides) -> Drawn | None:
    """Draw the share of each 5 s that fell into each band of response time, all runs of a build together."""
    if not sides.base.stories:
        return None
    tables = [_bands(side) for side in sides.both]
    if any(table.empty for table in tables):
        return None
    rows = (min(table["row"].min() for table in tables), max(table["row"].max() for table in tables))
    drawn = figure(3.3)
    panels = drawn.subplots(1, 2, sharey=True)
    for panel, side, table in zip(panels, sides.both, tables, strict=True):
        panel.set_yscale("log")
        starts, edges_s, shares = _grid(table, rows)
        panel.pcolormesh(starts, edges_s, shares, cmap=COLOURS, norm=NORM, linewidth=0, zorder=0.5)
        panel.grid(visible=False)
        panel.set_xlabel("seconds")
        time_axis(panel, sides.from_s, sides.until_s, label=False)
        shade(panel, sides.steps, names=True, width_in=2.6)
        panel.annotate(side.label, (0.02, 0.97), xycoords="axes fraction", va="top", fontsize=8, fontweight="bold")
    durations(panels[0])
    panels[0].set_ylabel("response time (log scale)")
    bar = drawn.colorbar(ScalarMappable(NORM, COLOURS), ax=list(panels), extend="min", pad=0.01, aspect=22)
    bar.set_ticks([0.001, 0.01, 0.1, 1], labels=[percent(share) for share in (0.001, 0.01, 0.1, 1)])
    bar.set_label("share of calls", color=QUIET)
    caption = (
        f"Each column is {BIN_S} s of all runs of a build; the darker, the more of its successful calls took that long "
        "(white: none). Left base, right new, on the same scales."
    )
    table = pd.concat([table.assign(side=side.role) for table, side in zip(tables, sides.both, strict=True)])
    return Drawn(_title(sides), caption, drawn, table.drop(columns="row"))


def _bands(side: BuildSide) -> pd.DataFrame:
    at_s, cells, counts = bins_of(side, "response")
    rows = np.floor(np.log10(np.maximum(value_of(cells), 1) / 1e6) * ROWS_PER_DECADE).astype(int)
    found = pd.DataFrame({"from_s": at_s, "row": rows, "calls": counts}).groupby(["from_s", "row"]).sum().reset_index()
    found.insert(1, "over_s", 10 ** (found["row"] / ROWS_PER_DECADE))
    found.insert(2, "under_s", 10 ** ((found["row"] + 1) / ROWS_PER_DECADE))
    return found.assign(share=found["calls"] / found.groupby("from_s")["calls"].transform("sum"))


def _grid(table: pd.DataFrame, rows: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the edges of columns and rows, and the shares between them."""
    starts = np.arange(table["from_s"].min(), table["from_s"].max() + BIN_S + 1, BIN_S)
    shares = np.full((rows[1] - rows[0] + 1, starts.size - 1), np.nan)
    shares[table["row"] - rows[0], (table["from_s"] - starts[0]) // BIN_S] = table["share"]
    return starts, 10 ** (np.arange(rows[0], rows[1] + 2) / ROWS_PER_DECADE), shares


def _title(sides: Sides) -> str:
    cells, counts = sides.base.histogram("response", "steady")
    new_cells, new_counts = sides.new.histogram("response", "steady")
    if counts.sum() < 500 or not new_counts.size:
        return "How response times were spread over time"
    limit_us = float(quantiles(cells, counts, 0.99)[0])
    slower = float(new_counts[value_of(new_cells) > limit_us].sum() / new_counts.sum())
    return f"1 % of base's calls took over {duration(limit_us / 1e6)} in steady state, and {percent(slower)} of new's"
