"""The summary: what one run measured, as plain data that goes into ``summary.json`` and back.

Checks are evaluated on it, pages are drawn from it and runs are compared by it. Times are seconds
from zero (the end of warm-up); ratios and response times count the final row of each call.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.errors import RecordError
from harness.files import write_json
from harness.records import plain, read_record
from harness.results.auth_summary import Measures
from harness.results.problem import Problem, ProblemKind

SCHEMA = 1
"""Version of ``summary.json`` and ``series.parquet``."""

GOOD_IN_A_ROW = 3
"""Good seconds in a row that end a recovery, and that a warm-up must end with."""

QUANTILES = {"p50_s": 0.5, "p75_s": 0.75, "p90_s": 0.9, "p95_s": 0.95, "p99_s": 0.99, "p99_9_s": 0.999}
"""The quantiles that are kept, by the name of their field."""

ALL_METHODS = "*"
"""Method of a cell that counts every method."""

Word = Literal["passed", "unjudged", "failed", "invalid", "interrupted"]
"""``unjudged``: the run is valid, and its scenario has no check."""
Outcome = Literal["passed", "failed", "no data"]


@dataclass(frozen=True)
class Spread:
    """Times of ``n`` calls, in seconds.

    A quantile q is None where n * (1 - q) < 5: fewer than five calls were slower, and the number
    would be a call, not a quantile.
    """

    n: int = 0
    p50_s: float | None = None
    p75_s: float | None = None
    p90_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    p99_9_s: float | None = None
    max_s: float | None = None

    def at(self, quantile: float) -> float | None:
        """Return one of the kept quantiles; None where it was not measured."""
        names = [name for name, kept in QUANTILES.items() if kept == quantile]
        value: float | None = getattr(self, names[0]) if names else None
        return value


@dataclass(frozen=True)
class Cell:
    """Counts and times of the calls of one method in one phase; failures and successes apart."""

    phase: str
    method: str
    calls: int = 0
    failed: int = 0
    not_sent: int = 0
    attempts: int = 0
    causes: dict[str, int] = field(default_factory=dict)
    """Failed calls by cause, the most frequent first."""
    origins: dict[str, int] = field(default_factory=dict)
    response_ok: Spread = Spread()
    response_failed: Spread = Spread()
    service_ok: Spread = Spread()
    service_failed: Spread = Spread()

    @property
    def failure_ratio(self) -> float | None:
        """Return failed calls per call, or None without calls."""
        return self.failed / self.calls if self.calls else None


@dataclass(frozen=True)
class Phase:
    """A stretch of the run: warm-up, all, steady, a fault's window, or the recovery after it."""

    name: str
    kind: Literal["warm-up", "all", "steady", "window", "recovery"]
    step: str | None
    spans: tuple[tuple[float, float], ...]
    """Half-open intervals, seconds from zero, sorted."""
    offered_per_s: float | None = None
    goodput_per_s: float | None = None
    fetches: int = 0
    fetches_failed: int = 0
    fetches_peak_per_s: int = 0

    @property
    def duration_s(self) -> float:
        """Return the length of all spans."""
        return sum(until_s - from_s for from_s, until_s in self.spans)


@dataclass(frozen=True)
class StepOutcome:
    """What became of one step of the timeline."""

    step: str
    fault: str
    seat: str
    text: str
    planned_from_s: float
    planned_until_s: float | None
    from_s: float | None
    """Real start; None when the step was never applied."""
    until_s: float | None
    """Real end; None for a step without width, or one that was never undone."""
    verified: bool | None
    """Whether the undo was read back; None when nothing was read."""
    problem: str | None = None
    begun_s: float | None = None
    """When its act began; None where the journal does not tell it."""
    over_s: float | None = None
    """When its undo had been read back; None where the journal does not tell it."""
    recovery_s: float | None = None
    recovery_reason: str | None = None
    """Why there is no recovery time, or what else was going on meanwhile."""
    open: bool = False
    """Whether calls were seen not to be good again when the load ended."""
    allow_open: bool = False
    """Whether the scenario says that it may end so."""
    recovery_at_least_s: float | None = None
    """What recovery took at least, where the load ended before it was over; None where nobody can tell."""
    fetches: int = 0
    """Token fetches from the step's start to the end of its recovery."""
    fetches_peak_per_s: int = 0

    @property
    def instant(self) -> bool:
        """Return whether the step has no width."""
        return self.planned_until_s is None

    @property
    def phase(self) -> str:
        """Return the phase that shows the step's effect: its window, or its recovery when it has no width."""
        return f"recovery:{self.step}" if self.instant else self.step


@dataclass(frozen=True)
class WorkerHealth:
    """Whether one worker kept up: rows, plan, lag and loop."""

    worker: int
    rows_promised: int | None
    rows_found: int
    planned: int | None = None
    loop_lag_p50_s: float | None = None
    loop_lag_p99_s: float | None = None
    loop_lag_max_s: float | None = None


@dataclass(frozen=True)
class Health:
    """The load generator's own part in what was measured."""

    offered: int = 0
    """Arrivals that were due, from zero to the end of the load; of a closed model the calls."""
    planned: float | None = None
    """Calls that the load's plan holds for the same time; None for a closed model."""
    not_sent: int = 0
    stopped: int = 0
    """Calls that were queued or in flight when the run stopped; they are in no ratio."""
    lag: Spread = Spread()
    """Schedule lag while a user was free: ours."""
    lag_busy: Spread = Spread()
    """Schedule lag while no user was free: the target's doing."""
    lag_limit_s: float = 0.05
    workers: tuple[WorkerHealth, ...] = ()


@dataclass(frozen=True)
class CheckResult:
    """One check of the scenario, evaluated."""

    check: dict[str, Any]
    text: str
    result: Outcome
    value: float | None
    limit: float
    sentence: str


@dataclass(frozen=True)
class Verdict:
    """The run in one word, with the exit code of the command and the reasons, worst first."""

    word: Word
    exit_code: int
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Summary:
    """The fold of one run."""

    run: str
    scenario: str
    build: str
    started_utc: str
    duration_s: float
    """From zero to the end of the load."""
    warm_up_s: float
    seed: int | None
    comparable: dict[str, Any]
    comparable_hash: str | None
    baseline: dict[str, Any]
    """``p99_s``, ``calls``, ``source`` and ``failure_limit`` of the calls before the first fault."""
    phases: tuple[Phase, ...] = ()
    cells: tuple[Cell, ...] = ()
    steps: tuple[StepOutcome, ...] = ()
    health: Health = Health()
    problems: tuple[Problem, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    verdict: Verdict = Verdict("invalid", 3, ("not evaluated",))
    measures: Measures = field(default_factory=Measures)
    """False accepts and rejects, amplification, lags."""
    schema: int = SCHEMA

    def cell(self, phase: str, method: str = ALL_METHODS) -> Cell:
        """Return one cell; an empty one where no call fell into it."""
        for cell in self.cells:
            if cell.phase == phase and cell.method == method:
                return cell
        return Cell(phase, method)

    def phase(self, name: str) -> Phase | None:
        """Return one phase; None where the run has none of that name."""
        return next((phase for phase in self.phases if phase.name == name), None)

    def has_problem(self, kind: ProblemKind) -> bool:
        """Tell whether the run has a problem of a kind."""
        return any(problem.kind is kind for problem in self.problems)


def write_summary(run: Path, summary: Summary) -> None:
    """Write ``summary.json``, whole or not at all."""
    write_json(run / "summary.json", plain(summary))


def read_summary(run: Path) -> Summary:
    """Read ``summary.json``.

    Raises `RecordError` where it is missing or no summary.
    """
    try:
        return read_record(run / "summary.json", Summary, SCHEMA, f"make it anew with jwtstorm report {run}")
    except FileNotFoundError as error:
        raise RecordError(f"{run} has no summary.json; make it with jwtstorm report {run}") from error
