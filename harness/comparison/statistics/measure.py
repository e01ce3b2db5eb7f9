"""A run's values: every metric that a comparison needs, out of ``summary.json`` and ``series.parquet``.

Response times are those of calls that succeeded; beside them stand the same quantiles over all
calls and the share that failed, because failing fast makes the rest look fast.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.typical import typical_p99_s
from harness.results.histogram import Ints, add, quantiles
from harness.results.histogram import value_of as microseconds
from harness.results.series import BIN_S, of, read_series
from harness.results.summary import ALL_METHODS, Cell, StepOutcome, Summary, read_summary

INSTANT_S = 5
"""How long a step without width counts as acting: one bin of the series."""

LEAST_BEYOND = 5
"""A quantile is told only where so many calls were slower."""


@dataclass(frozen=True)
class Measured:
    """One run as a comparison sees it. Values are None where too few calls were made to tell."""

    run: str
    build: str
    values: Mapping[Metric, float | None]
    """The primaries."""
    secondary: Mapping[Metric, float | None]
    calls: int
    causes: Mapping[str, int]
    """Failed calls of the whole run by cause."""


def measure_run(path: Path, matters: Matters) -> Measured:
    """Measure a run's folder.

    Raises `RecordError` where its summary or its series is missing.
    """
    return measure(read_summary(path), read_series(path), matters)


def measure(summary: Summary, series: pd.DataFrame, matters: Matters) -> Measured:
    """Return a run's values; which steps it had decides about the default primaries."""
    metrics = matters.metrics(faults=bool(summary.steps))
    whole = summary.cell("all")
    return Measured(
        run=summary.run,
        build=summary.build,
        values={metric: value_of(metric, summary, series) for metric in metrics},
        secondary=dict(_secondary(summary, series)),
        calls=whole.calls,
        causes=dict(whole.causes),
    )


def value_of(metric: Metric, summary: Summary, series: pd.DataFrame) -> float | None:
    """Return a primary's value: seconds, or failed calls per planned call; None where it cannot be told."""
    if metric.phase in ("steady", "all"):
        cell, bins = summary.cell(metric.phase), of(series, "response", phase=metric.phase, key="ok")
        times = {"p50": cell.response_ok.p50_s, "p99": cell.response_ok.p99_s}
        if metric.name in times:
            return times[metric.name]
        return cell.failure_ratio if metric.name == "failed" else typical_p99_s(*_binned(bins))
    spans = [span for step in summary.steps if metric.phase in ("fault", step.step) for span in [_acting(step)]]
    if metric.name == "failed":
        return _failed_within(series, spans)
    bins = _touching(of(series, "response", phase="all", key="ok"), spans, BIN_S)
    return typical_p99_s(*_binned(bins)) if metric.name == "p99_typical" else _quantile(bins, metric.name)


def _acting(step: StepOutcome) -> tuple[float, float]:
    """Return when a step was to act: planned times, so that both builds are asked about the same calls."""
    until_s = step.planned_until_s
    return step.planned_from_s, step.planned_from_s + INSTANT_S if until_s is None else until_s


def _touching(rows: pd.DataFrame, spans: Iterable[tuple[float, float]], width_s: int) -> pd.DataFrame:
    """Return the rows whose bin has a part in one of the spans."""
    at_s = rows["at_s"].to_numpy()
    inside = np.zeros(at_s.size, bool)
    for from_s, until_s in spans:
        inside |= (at_s + width_s > from_s) & (at_s < until_s)
    return rows[inside]


def _binned(rows: pd.DataFrame) -> tuple[Ints, Ints, Ints]:
    """Return times, cells and counts of histogram rows."""
    return rows["at_s"].to_numpy(np.int64), rows["cell"].to_numpy(np.int64), rows["count"].to_numpy(np.int64)


def _quantile(rows: pd.DataFrame, name: str) -> float | None:
    share = {"p50": 0.5, "p90": 0.9, "p99": 0.99}[name]
    _, cells, counts = _binned(rows)
    if counts.sum() * (1 - share) < LEAST_BEYOND - 1e-9:
        return None
    return float(quantiles(*add(cells, counts), share)[0]) / 1e6


def _failed_within(series: pd.DataFrame, spans: Iterable[tuple[float, float]]) -> float | None:
    rows = _touching(of(series, "finals"), spans, 1)
    calls, failed = int(rows["count"].sum()), int(rows.loc[rows["key"] != "OK", "count"].sum())
    return failed / calls if calls else None


def _secondary(summary: Summary, series: pd.DataFrame) -> Iterator[tuple[Metric, float | None]]:
    """Yield what is worth a look and never decides."""
    steady = summary.cell("steady")
    spread = steady.response_ok
    yield Metric("p90", "steady"), spread.p90_s
    yield Metric("p99.9", "steady"), spread.p99_9_s
    yield Metric("max", "steady"), spread.max_s
    yield Metric("p99 service", "steady"), steady.service_ok.p99_s
    everything = of(series, "response", phase="steady")
    for name in ("p50", "p99"):
        yield Metric(f"{name} with failed calls", "steady"), _quantile(everything, name)
    yield Metric("token fetches", "all", "plain", ""), _fetches(summary)
    for slo_s in _objectives(summary):
        name = f"goodput within {slo_s:g} s"
        yield Metric(name, "steady", "points", "%", higher_is_better=True), _good_within(everything, steady, slo_s)
    for step in summary.steps:
        yield Metric("recovery", step.step, "plain", "s"), step.recovery_s
    yield from _by_method(summary.cells)


def _fetches(summary: Summary) -> float | None:
    phase = summary.phase("all")
    return None if phase is None else float(phase.fetches)


def _objectives(summary: Summary) -> list[float]:
    """Return the response times that the scenario's own checks allow."""
    return sorted({check.limit for check in summary.checks if check.check.get("check") == "response_time"})


def _good_within(rows: pd.DataFrame, cell: Cell, slo_s: float) -> float | None:
    """Return the share of planned calls that succeeded within a time (to the histogram's 0.2 %)."""
    good = rows[rows["key"] == "ok"]
    quick = microseconds(good["cell"].to_numpy(np.int64)) <= slo_s * 1e6
    return float(good["count"].to_numpy()[quick].sum()) / cell.calls if cell.calls else None


def _by_method(cells: Sequence[Cell]) -> Iterator[tuple[Metric, float | None]]:
    named = [cell for cell in cells if cell.phase == "steady" and cell.method != ALL_METHODS and cell.calls]
    for cell in named if len(named) > 1 else ():
        short = cell.method.rpartition("/")[2]
        yield Metric(f"p99 of {short}", "steady"), cell.response_ok.p99_s
        yield Metric(f"failed of {short}", "steady", "points", "%"), cell.failure_ratio
