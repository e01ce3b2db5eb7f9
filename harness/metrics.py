"""Metrics: fold the rows of a run into its summary and its series, in bounded memory.

Two passes over ``calls.parquet``: the first counts seconds, from which the phases follow
(`harness.phases`); the second counts by phase. Rows are never held beyond one row group.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from harness.checks.failure_ratio import steady_limit
from harness.chunks import Chunk, Methods, chunks
from harness.fold import Fold
from harness.histogram import CELLS, Counts, cell_of, quantiles
from harness.merge import Merged
from harness.phases import Baseline, Recovered, Second, Window, first_fault_s, recoveries, spans, unsteady, windows
from harness.rows import WorkerRows
from harness.runs import Run, read_lines
from harness.series import write_series
from harness.summary import ALL_METHODS, Health, Problem, StepOutcome, Summary, WorkerHealth
from harness.verdict import lag_limit_s, of_end, of_faults, of_generator, of_rows, verdict


def summarise(run: Run, merged: Merged) -> Summary:
    """Fold a merged run, write its ``series.parquet``, and return its summary with checks and verdict."""
    first = Seconds()
    methods = Methods()
    for chunk in chunks(run.path, methods):
        first.count(chunk)
    ended_s = max(run.ended_s or 0.0, first.after_last_s(run.planned_s))
    found = windows(run.steps, read_lines(run.path / "faults.ndjson"))
    limit = steady_limit(run.checks)
    baseline = first.baseline(limit, first_fault_s(found), ended_s, run.warm_up_s)
    seconds = first.seconds()
    recovered = recoveries(found, seconds, baseline, ended_s)
    fold = Fold(spans(found, recovered, ended_s, run.warm_up_s), methods.names, _costs(found, recovered, ended_s))
    for chunk in chunks(run.path, methods):
        fold.count(chunk)
    write_series(run.path, fold.tables())
    unjudged = _summary(run, merged, fold, (found, recovered), baseline, ended_s)
    steady = None if run.zero_ns is None else unsteady(seconds, limit, run.warm_up_s)
    return judge(unjudged, run, merged, steady)


def judge(summary: Summary, run: Run, merged: Merged, unsteady_why: str | None) -> Summary:
    """Return a summary with its problems, its checks evaluated, and the verdict."""
    calls = summary.cell("all").calls
    problems = [Problem(str(one.get("kind")), str(one.get("text"))) for one in run.data.get("problems") or ()]
    known = {problem.kind for problem in problems}
    ended_s = summary.duration_s if run.ended_s is None else run.ended_s
    derived = [*of_rows(merged.workers), *of_end(run, ended_s, calls), *of_generator(summary.health, run)]
    found = windows(run.steps, read_lines(run.path / "faults.ndjson"))
    derived += of_faults(found, run.state)
    if unsteady_why and calls:
        derived.insert(0, Problem("unsteady", f"unsteady before the storm: {unsteady_why}"))
    problems += [problem for problem in derived if problem.kind not in known - {"fault", "rows_lost"}]
    checks = tuple(check.evaluate(summary) for check in run.checks)
    return replace(
        summary, problems=tuple(problems), checks=checks, verdict=verdict(run, problems, checks if calls else ())
    )


class Seconds:
    """The first pass: final calls of each second, with the response times of those that succeeded."""

    def __init__(self) -> None:
        self.last_s = -1.0
        self._calls = Counts()
        self._failed = Counts()
        self._times = Counts()

    def count(self, chunk: Chunk) -> None:
        """Count one chunk."""
        finals = chunk.finals()
        if not finals.size:
            return
        second = finals.at_us // 1_000_000
        self.last_s = max(self.last_s, float(finals.at_us.max()) / 1e6)
        self._calls.count(second)
        self._failed.count(second[~finals.ok])
        self._times.count(second[finals.ok] * CELLS + cell_of(finals.response_us[finals.ok]))

    def after_last_s(self, planned_s: float) -> float:
        """Return a moment after the last call that was due, but within the plan; 0 without one."""
        return min(max(self.last_s + 1e-6, 0.0), planned_s)

    def seconds(self) -> list[Second]:
        """Return the seconds that had calls, sorted."""
        failed = dict(zip(*(column.tolist() for column in self._failed.table()), strict=True))
        p90_s = self._p90_s()
        at_s, calls = self._calls.table()
        return [
            Second(at, count, failed.get(at, 0), p90_s.get(at))
            for at, count in zip(at_s.tolist(), calls.tolist(), strict=True)
        ]

    def baseline(self, limit: float, first_s: float | None, ended_s: float, warm_up_s: float) -> Baseline:
        """Return what calls were like before the first fault.

        That is from zero on, or the last third of the warm-up where the fault came within 3 s.
        """
        until_s = ended_s if first_s is None else first_s
        if until_s >= 3:
            return self._baseline(limit, 0, int(until_s), "steady calls before the first fault")
        return self._baseline(limit, -max(int(warm_up_s / 3), 1), 0, "last third of the warm-up")

    def _baseline(self, limit: float, from_s: int, until_s: int, source: str) -> Baseline:
        keys, counts = self._times.table()
        mask = (keys >= from_s * CELLS) & (keys < until_s * CELLS)
        cells, total = np.unique(keys[mask] % CELLS, return_inverse=True)
        summed = np.bincount(total, weights=counts[mask]).astype(np.int64)
        value = float(quantiles(cells, summed, 0.99)[0]) / 1e6 if cells.size else None
        return Baseline(limit, value, int(summed.sum()), source)

    def _p90_s(self) -> dict[int, float]:
        keys, counts = self._times.table()
        second, cell = keys // CELLS, keys % CELLS
        starts = np.flatnonzero(np.concatenate(([True], second[1:] != second[:-1]))) if keys.size else keys
        ends = [*starts[1:].tolist(), keys.size]
        return {
            int(second[start]): float(quantiles(cell[start:end], counts[start:end], 0.9)[0]) / 1e6
            for start, end in zip(starts.tolist(), ends, strict=False)
        }


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
