"""Metrics: fold the rows of a run into its summary and its series, in bounded memory.

Three passes over ``calls.parquet``: two count tenths of seconds (`harness.analysis.buckets`), from which the
phases follow (`harness.analysis.phases`); the last counts by phase. Rows are never held beyond one row group.
"""

import math
from dataclasses import replace
from typing import Any

from harness.analysis.aggregate import Fold
from harness.analysis.auth_measures import measure
from harness.analysis.buckets import Tenths
from harness.analysis.columns import Methods, arrivals, chunks, finals
from harness.analysis.merge import Merged
from harness.analysis.phases import Baseline, Recovered, Window, first_fault_s, recoveries, spans, unsteady, windows
from harness.analysis.verdict import (
    lag_limit_s,
    most_failed,
    of_end,
    of_faults,
    of_files,
    of_generator,
    of_rows,
    verdict,
)
from harness.checks import checks_of
from harness.checks.failure_ratio import steady_limit
from harness.results.call_journal_reader import WorkerRows
from harness.results.fault_journal import read_events
from harness.results.poison import Poison
from harness.results.problem import Problem, ProblemKind
from harness.results.run import Run
from harness.results.series import write_series
from harness.results.summary import ALL_METHODS, Health, StepOutcome, Summary, WorkerHealth


def summarise(run: Run, merged: Merged) -> Summary:
    """Fold a merged run, write its ``series.parquet``, and return its summary with checks and verdict."""
    found = windows(run.steps, read_events(run.path))
    first = Tenths(first_fault_s(found), run.warm_up_s)
    methods = Methods()
    poisoned = Poison.of(run.steps).mask  # negative probes: `harness.analysis.auth_measures` counts them, nobody else
    for calls in finals(run.path, methods, poisoned):
        first.count(calls)
    ended_s = max(run.ended_s or 0.0, first.after_last_s(run.planned_s))
    limit = steady_limit(checks_of(run))
    baseline = first.baseline(limit, ended_s)
    for calls in finals(run.path, methods, poisoned) if math.isfinite(baseline.p90_limit_s) else ():
        first.count_slow(calls, baseline.p90_limit_s)
    due_in = first.due_in()
    recovered = recoveries(found, due_in, baseline, ended_s)
    fold = Fold(spans(found, recovered, ended_s, run.warm_up_s), methods.names, _costs(found, recovered, ended_s))
    for chunk in chunks(run.path, methods, poisoned):
        fold.count(chunk)
    write_series(run.path, fold.tables())
    unjudged = _summary(run, merged, fold, (found, recovered), baseline, ended_s)
    unjudged = replace(unjudged, measures=measure(run, unjudged, found))
    probes = sum(probe.sent for probe in unjudged.measures.probes)
    offered = unjudged.health.offered + probes if unjudged.health.planned is None else arrivals(run.path)
    unjudged = replace(unjudged, health=replace(unjudged.health, offered=offered))
    steady = None if run.zero_ns is None else unsteady(due_in, limit, run.warm_up_s)
    return judge(unjudged, run, merged, steady)


def judge(summary: Summary, run: Run, merged: Merged, unsteady_why: str | None) -> Summary:
    """Return a summary with its problems, its checks evaluated, and the verdict."""
    calls = summary.cell("all").calls
    known = {problem.kind for problem in run.problems}
    ended_s = summary.duration_s if run.ended_s is None else run.ended_s
    derived = [*of_rows(merged.workers), *of_end(run, ended_s, calls), *of_generator(summary.health, run)]
    found = windows(run.steps, read_events(run.path))
    derived += [*of_faults(found, run.state), *of_files(run)]
    if unsteady_why and calls:
        text = f"unsteady before the storm: {unsteady_why}{most_failed(summary.cell('warm-up'))}"
        derived.insert(0, Problem(ProblemKind.UNSTEADY, text))
    told = known - {ProblemKind.FAULT, ProblemKind.ROWS_LOST}
    problems = [*run.problems, *(problem for problem in derived if problem.kind not in told)]
    checks = tuple(check.evaluate(summary) for check in checks_of(run))
    return replace(
        summary, problems=tuple(problems), checks=checks, verdict=verdict(run, problems, checks if calls else ())
    )


def _costs(
    found: tuple[Window, ...], recovered: tuple[Recovered, ...], ended_s: float
) -> dict[str, tuple[float, float]]:
    """Return for each step the time whose token fetches it is charged with.

    From its start to the end of the three good seconds after it: a token that died shows its
    fetches at once, even where no call failed.
    """
    until = {recovery.step: recovery.until_s + 3 for recovery in recovered}
    return {
        window.step: (window.from_s, min(until.get(window.step, ended_s), ended_s))
        for window in found
        if window.from_s is not None
    }


def _summary(
    run: Run,
    merged: Merged,
    fold: Fold,
    steps: tuple[tuple[Window, ...], tuple[Recovered, ...]],
    baseline: Baseline,
    ended_s: float,
) -> Summary:
    known = {**vars(baseline), "p90_limit_s": baseline.p90_limit_s if baseline.p99_s is not None else None}
    return Summary(
        run=run.name,
        scenario=str(run.data.get("scenario")),
        build=str(run.data.get("build")),
        started_utc=str(run.data.get("started_utc")),
        duration_s=ended_s,
        warm_up_s=run.warm_up_s,
        seed=run.data.get("seed"),
        comparable=dict(run.data.get("comparable") or {}),
        comparable_hash=run.data.get("comparable_hash"),
        baseline=known,
        phases=tuple(fold.phase(phase) for phase in fold.phases),
        cells=tuple(fold.cells()),
        steps=_outcomes(*steps, fold),
        health=_health(run, merged, fold, ended_s),
    )


def _outcomes(found: tuple[Window, ...], recovered: tuple[Recovered, ...], fold: Fold) -> tuple[StepOutcome, ...]:
    by_step = {recovery.step: recovery for recovery in recovered}
    outcomes = []
    for window in found:
        recovery = by_step.get(window.step)
        fetches, peak = fold.cost(window.step)
        outcomes.append(
            StepOutcome(
                **vars(window),
                recovery_s=recovery.seconds if recovery else None,
                recovery_reason=recovery.reason if recovery else "it was never applied",
                recovery_at_least_s=recovery.at_least_s if recovery else None,
                fetches=fetches,
                fetches_peak_per_s=peak,
            )
        )
    return tuple(outcomes)


def _health(run: Run, merged: Merged, fold: Fold, ended_s: float) -> Health:
    cell = fold.cell("all", ALL_METHODS)
    load = run.load
    planned = None
    if load.get("model") == "open":
        start, growth = float(load["per_s"]), (float(load["to_per_s"]) - float(load["per_s"])) / run.planned_s
        planned = start * ended_s + growth * ended_s**2 / 2
    return Health(
        offered=cell.calls,
        planned=planned,
        not_sent=cell.not_sent,
        lag=fold.lag("ours"),
        lag_busy=fold.lag("busy"),
        lag_limit_s=lag_limit_s(run.data.get("deadline_s")),
        workers=tuple(_worker(run, rows) for rows in merged.workers),
    )


def _worker(run: Run, rows: WorkerRows) -> WorkerHealth:
    promise = next((one for one in run.promises if one.worker == rows.worker), None)
    names = ("planned", "sent", "not_sent", "loop_lag_p50_s", "loop_lag_p99_s", "loop_lag_max_s", "cpu_warning")
    said: dict[str, Any] = {name: getattr(promise, name) for name in names} if promise else {}
    return WorkerHealth(rows.worker, rows.promised, rows.found, **said)
