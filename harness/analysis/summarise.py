"""Summarise: fold the rows and events of a run into its summary, one value per step, in bounded memory.

The journal gives the windows of the faults; with the final rows they give the course of the run, which is baseline,
recoveries and phases (`harness.analysis.course`, two passes over ``calls.parquet``). In a third pass all rows are
counted by phase (`harness.analysis.aggregate`) and measured (`harness.analysis.measures`). What was measured has
problems, is judged by the checks, and comes to a verdict (`harness.analysis.verdict`). Rows are never held beyond one
row group.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.analysis import measures
from harness.analysis.aggregate import Fold
from harness.analysis.columns import Rows
from harness.analysis.course import Course, course_of
from harness.analysis.merge import Merged
from harness.analysis.open_ends import open_end
from harness.analysis.phases import begins_us, windows
from harness.analysis.verdict import lag_limit_s, problems_of, verdict
from harness.checks import Check, checks_of
from harness.checks.failure_ratio import steady_limit
from harness.files import read_lines
from harness.results.auth_summary import Measures
from harness.results.call_journal_reader import WorkerRows
from harness.results.fault_journal import read_events
from harness.results.poison import Poison
from harness.results.run import Run
from harness.results.series import write_series
from harness.results.summary import ALL_METHODS, Health, StepOutcome, Summary, WorkerHealth


@dataclass(frozen=True)
class Counted:
    """What the rows of a run came to."""

    fold: Fold
    measures: Measures
    arrivals: int
    """Planned arrivals that fell due from zero on."""
    stopped: int
    """Calls that the run's own stop cut, from zero on."""


def summarise(run: Run, merged: Merged) -> Summary:
    """Fold a merged run, write its ``series.parquet``, and return its summary with checks and verdict."""
    checks = checks_of(run)
    found = windows(run.steps, read_events(run.path))
    rows = Rows(run.path, Poison.of(run.steps).mask, begins_us(found))
    course = course_of(run, found, rows, steady_limit(checks))
    counted = _counted(run, rows, course)
    write_series(run.path, counted.fold.tables())
    measured = _measured(run, merged.workers, course, counted)
    return _judged(measured, run, merged.workers, course, checks)


def _counted(run: Run, rows: Rows, course: Course) -> Counted:
    """Count all rows by phase, and measure them."""
    fold, measuring = Fold(course.phases, rows.methods, course.costs()), measures.begin(run, course)
    arrivals = stopped = 0
    for chunk in rows.chunks():
        fold.count(chunk.unpoisoned())  # negative probes: a measure counts them, and nobody else
        measures.count(measuring, chunk)
        arrivals += chunk.arrivals
        stopped += int((chunk.stopped().at_us >= 0).sum())
    cell, fetches = fold.cell("all", ALL_METHODS), fold.fetches("all")
    totals = measures.Totals(cell.calls, cell.attempts, fetches.total, fetches.peak())
    trace = read_lines(run.path / "auth.ndjson")
    return Counted(fold, measures.results(measuring, trace, totals), arrivals, stopped)


def _measured(run: Run, workers: Sequence[WorkerRows], course: Course, counted: Counted) -> Summary:
    """Return all that was measured, not judged yet."""
    baseline, fold = course.baseline, counted.fold
    known = {**vars(baseline), "p90_limit_s": baseline.p90_limit_s if baseline.p99_s is not None else None}
    return Summary(
        run=run.name,
        scenario=str(run.data.get("scenario")),
        build=str(run.data.get("build")),
        started_utc=str(run.data.get("started_utc")),
        duration_s=course.ended_s,
        warm_up_s=run.warm_up_s,
        seed=run.data.get("seed"),
        comparable=dict(run.data.get("comparable") or {}),
        comparable_hash=run.data.get("comparable_hash"),
        baseline=known,
        phases=tuple(fold.phase(phase) for phase in fold.phases),
        cells=tuple(fold.cells()),
        steps=tuple(_outcomes(course, fold)),
        health=_health(run, workers, course.ended_s, counted),
        measures=counted.measures,
    )


def _judged(
    measured: Summary, run: Run, workers: Sequence[WorkerRows], course: Course, checks: Sequence[Check]
) -> Summary:
    """Return a summary with its problems, its checks evaluated, and the verdict."""
    problems = problems_of(run, workers, course, measured)
    outcomes = tuple(check.evaluate(measured) for check in checks)
    if (ending := open_end(replace(measured, checks=outcomes))) is not None and run.state == "complete":
        outcomes = (*outcomes, ending)
    word = verdict(run, problems, outcomes if measured.cell("all").calls else ())
    return replace(measured, problems=problems, checks=outcomes, verdict=word)


def _outcomes(course: Course, fold: Fold) -> Sequence[StepOutcome]:
    outcomes = []
    for window in course.windows:
        recovery = course.recovery(window.step)
        fetches, peak = fold.cost(window.step)
        outcomes.append(
            StepOutcome(
                **vars(window),
                open=window.step in course.open,
                recovery_s=recovery.seconds if recovery else None,
                recovery_reason=recovery.reason if recovery else "it was never applied",
                recovery_at_least_s=recovery.at_least_s if recovery else None,
                fetches=fetches,
                fetches_peak_per_s=peak,
            )
        )
    return outcomes


def _health(run: Run, workers: Sequence[WorkerRows], ended_s: float, counted: Counted) -> Health:
    cell, planned = counted.fold.cell("all", ALL_METHODS), _planned(run, ended_s)
    probes = sum(probe.sent for probe in counted.measures.probes)
    return Health(
        offered=cell.calls + probes if planned is None else counted.arrivals,
        planned=planned,
        not_sent=cell.not_sent,
        stopped=counted.stopped,
        lag=counted.fold.lag("ours"),
        lag_busy=counted.fold.lag("busy"),
        lag_limit_s=lag_limit_s(run.data.get("deadline_s")),
        workers=tuple(_worker(run, rows) for rows in workers),
    )


def _planned(run: Run, ended_s: float) -> float | None:
    """Return the calls that the load's plan holds until the end; None for a closed model."""
    load = run.load
    if load.get("model") != "open":
        return None
    start, growth = float(load["per_s"]), (float(load["to_per_s"]) - float(load["per_s"])) / run.planned_s
    return start * ended_s + growth * ended_s**2 / 2


def _worker(run: Run, rows: WorkerRows) -> WorkerHealth:
    promise = next((one for one in run.promises if one.worker == rows.worker), None)
    names = ("planned", "loop_lag_p50_s", "loop_lag_p99_s", "loop_lag_max_s")
    said: dict[str, Any] = {name: getattr(promise, name) for name in names} if promise else {}
    return WorkerHealth(rows.worker, rows.promised, rows.found, **said)
