"""What the pictures are drawn from: a run's summary, its series, and a few views of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd

from harness.analysis.phases import pieces
from harness.results.histogram import add, quantiles
from harness.results.run import Run
from harness.results.series import BIN_S, LONG, of, read_histogram, read_series
from harness.results.summary import ALL_METHODS, Summary

CAUSES_SHOWN = 6
"""Causes that get a colour of their own; the rest is drawn as one."""

OTHERS = "other causes"


def clearest(times: pd.DataFrame, shares: Sequence[float]) -> float | None:
    """Return the highest share whose quantile is known in half of the bins that have calls, or None."""
    bins = times["n"].notna().sum()
    return max((share for share in shares if 0 < bins <= times[share].notna().sum() * 2), default=None)


@dataclass(frozen=True)
class Story:
    """One run, as pictures need it."""

    run: Run
    summary: Summary

    @cached_property
    def series(self) -> pd.DataFrame:
        """Return all series but the long ones, which `histogram` and `quantiles_over_time` read by themselves."""
        return read_series(self.run.path, without=LONG)

    @property
    def from_s(self) -> int:
        """Return the first second to draw."""
        return -int(np.ceil(self.summary.warm_up_s))

    @property
    def until_s(self) -> int:
        """Return the second after the last one to draw."""
        return max(int(np.ceil(self.summary.duration_s)), 1)

    @cached_property
    def causes(self) -> list[str]:
        """Return the causes of failed calls in the whole run with its warm-up, the most frequent first."""
        failed: dict[str, int] = {}
        for phase in ("warm-up", "all"):
            for cause, count in self.summary.cell(phase).causes.items():
                failed[cause] = failed.get(cause, 0) + count
        ranked = sorted(failed, key=lambda cause: -failed[cause])
        return ranked if len(ranked) <= CAUSES_SHOWN else [*ranked[: CAUSES_SHOWN - 1], OTHERS]

    def seconds(self, series: str) -> pd.DataFrame:
        """Return a series' counts per second: rows are all seconds drawn, columns the series' keys."""
        rows = of(self.series, series)
        table = rows.pivot_table(
            index="at_s", columns="key", values="count", aggfunc="sum", fill_value=0, observed=True
        )
        table.columns = pd.Index([str(column) for column in table.columns])
        return table.reindex(range(self.from_s, self.until_s), fill_value=0)

    def failures(self) -> pd.DataFrame:
        """Return failed calls per second, a column for each of `causes`, and ``calls`` in all."""
        finals = self.seconds("finals")
        table = pd.DataFrame({cause: finals[cause] for cause in self.causes if cause in finals}, index=finals.index)
        failed = finals.drop(columns="OK", errors="ignore").sum(axis=1)
        if OTHERS in self.causes:
            table[OTHERS] = failed - table.sum(axis=1)
        return table.assign(calls=finals.sum(axis=1))

    def quantiles_over_time(self, series: str, shares: Sequence[float], key: str = "ok") -> pd.DataFrame:
        """Return quantiles in seconds per bin of 5 s, NaN where fewer than five calls lie beyond one."""
        rows = of(read_series(self.run.path, series), series, key=key)
        if series != "lag":
            rows = rows[rows["phase"].isin(["all", "warm-up"])]
        found = {}
        for at_s, part in rows.groupby("at_s", observed=True):
            found[at_s] = _quantiles(part, shares)
        starts = range(self.from_s // BIN_S * BIN_S, self.until_s, BIN_S)
        columns = ["n", *shares]
        table = pd.DataFrame.from_dict(found, orient="index", columns=columns).reindex(starts)
        return table.astype({"n": float})

    def pieces(self, shares: Sequence[float]) -> pd.DataFrame:
        """Return quantiles of the response time in pieces of at most 5 s, cut at the edges of all phases.

        Columns ``from_s``, ``until_s``, ``n`` and one for each share, in seconds.
        """
        edges = pieces(self.summary.phases, BIN_S)
        groups = dict(iter(of(self.series, "pieces").groupby("at_s")))
        found = [
            (from_s, until_s, *_quantiles(groups.get(place), shares))
            for place, (from_s, until_s) in enumerate(pairwise(edges))
        ]
        return pd.DataFrame(found, columns=["from_s", "until_s", "n", *shares])

    def histogram(self, series: str, phase: str, key: str = "ok") -> tuple[np.ndarray, np.ndarray]:
        """Return cells and counts of one phase, over all methods and times."""
        return read_histogram(self.run.path, series, phase, key)

    @property
    def calls(self) -> int:
        """Return the final calls from zero to the end."""
        return self.summary.cell("all", ALL_METHODS).calls


def _quantiles(rows: pd.DataFrame | None, shares: Sequence[float]) -> list[float]:
    """Return the number of calls and their quantiles, NaN where fewer than five calls lie beyond one."""
    if rows is None:
        return [np.nan] * (1 + len(shares))
    cells, counts = add(rows["cell"].to_numpy(np.int64), rows["count"].to_numpy(np.int64))
    values = quantiles(cells, counts, list(shares)) / 1e6
    enough = counts.sum() * (1 - np.array(shares)) >= 5 - 1e-9
    return [float(counts.sum()), *np.where(enough, values, np.nan).tolist()]
