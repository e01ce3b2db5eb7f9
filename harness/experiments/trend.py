"""Trend: one scenario over many builds, with steps where a metric moved for good. It annotates, and never gates."""

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from harness.comparison.history import SCHEMA, BuildPoint, Trend, told, value_words
from harness.comparison.statistics.assess import candidate
from harness.comparison.statistics.guard import Candidate, differing, unusable
from harness.comparison.statistics.matters import matters_of
from harness.comparison.statistics.measure import Measured, measure_run
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.noise_floor import read_noise_floor
from harness.comparison.statistics.steps import MetricStep, steps
from harness.errors import RecordError, UsageError
from harness.files import write_json
from harness.formatting import plural
from harness.records import plain


def trend(scenario: str, reports: Path) -> Trend:
    """Read every run of a scenario; those made like the newest are its history.

    Raises `UsageError` where there is none.
    """
    found, left_out = _candidates(reports / scenario)
    if not found:
        raise UsageError(f"no run of {scenario} under {reports} can be used; jwtstorm run {scenario} makes one")
    newest, matters = found[-1][1], matters_of(found[-1][1].summary.comparable)
    alike: list[tuple[Path, Candidate]] = []
    for path, one in found:
        unlike = differing([newest, one])
        if unlike:
            left_out.append(f"{one.label}: {unlike[0].field} differs from the newest run's")
        else:
            alike.append((path, one))
    points = _points([(one.summary.started_utc, path.name, measure_run(path, matters)) for path, one in alike])
    metrics = matters.metrics(faults=bool(newest.summary.steps))
    marks = {str(metric): _steps(points, metric) for metric in metrics}
    return Trend(scenario, points, marks, tuple(left_out))


def run_trend(options: argparse.Namespace, reports: Path) -> int:
    """Print the history, and write it with its picture and page; always 0: a step is a mark, and no verdict."""
    found = trend(options.scenario, reports)
    folder = reports / "trends" / found.scenario
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "trend.json", {"schema": SCHEMA, **plain(found)})
        _write_csv(folder / "trend.csv", found)
        page = _write_page(folder, found, reports)
    except OSError as error:
        raise RecordError(f"cannot write {folder}: {error.strerror}; free some space") from error
    console = Console(highlight=False, soft_wrap=True)
    console.print(_table(found))
    for line in told(found):
        console.print(line, markup=False)
    console.print(f"page: {page}", markup=False)
    return 0


def _candidates(folder: Path) -> tuple[list[tuple[Path, Candidate]], list[str]]:
    found: list[tuple[Path, Candidate]] = []
    left_out = []
    for path in sorted((file.parent for file in folder.glob("*/*/run.json")), key=lambda run: run.name):
        try:
            one = candidate(path)
        except RecordError as error:
            left_out.append(f"{path.parent.name} {path.name}: {error}")
            continue
        reason = unusable(one)
        if reason:
            left_out.append(reason)
        else:
            found.append((path, one))
    return found, left_out


def _points(runs: Sequence[tuple[str, str, Measured]]) -> tuple[BuildPoint, ...]:
    """Return a point per build, in the order of their first runs."""
    points = []
    for build in dict.fromkeys(run.build for _, _, run in runs):
        own = [(started, name, run) for started, name, run in runs if run.build == build]
        each = {str(metric): tuple(run.values.get(metric) for _, _, run in own) for metric in own[0][2].values}
        values = {metric: _median(ones) for metric, ones in each.items()}
        points.append(BuildPoint(build, own[0][0], tuple(name for _, name, _ in own), values, each))
    return tuple(points)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _steps(points: Sequence[BuildPoint], metric: Metric) -> tuple[MetricStep, ...]:
    known = [value for point in points if (value := point.values[str(metric)]) is not None]
    return steps(known, logarithmic=metric.scale == "log")


def _write_page(folder: Path, found: Trend, reports: Path) -> Path:
    from harness.report.trend import write_trend  # draws: heavy, and wanted at the end alone

    floor = read_noise_floor(reports / found.scenario)
    return write_trend(folder, found, floor.spreads if floor else {})


def _table(found: Trend) -> Table:
    table = Table(title=f"{found.scenario}: {plural(len(found.points), 'build')}", title_justify="left")
    table.add_column("build", no_wrap=True)
    table.add_column("runs", justify="right")
    for metric in found.steps:
        table.add_column(metric, justify="right")
    for point in found.points:
        values = [value_words(metric, point.values[metric]) for metric in found.steps]
        table.add_row(point.build, str(len(point.runs)), *values)
    return table


def _write_csv(path: Path, found: Trend) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["build", "first_utc", "run", *found.steps])
        for point in found.points:
            for place, run in enumerate(point.runs):
                writer.writerow([point.build, point.first_utc, run, *(point.each[one][place] for one in found.steps)])
