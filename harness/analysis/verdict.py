"""The verdict: what makes a run invalid, and one word with an exit code. Pure."""

import math
from collections.abc import Iterable, Sequence

from harness.analysis.course import Course
from harness.analysis.phases import FaultWindow
from harness.files import cut_lines
from harness.formatting import cause_words, duration, number, plural
from harness.results.call_journal_reader import WorkerRows
from harness.results.problem import Problem, ProblemKind
from harness.results.run import Run, clock_doubt
from harness.results.summary import Cell, CheckResult, Health, Summary, Verdict

LOOP_LAG_LIMIT_S = 0.05
"""p99 by which the generator's event loop may be late."""

EDGE_LIMIT_S = 0.05
"""A fault's edge further from plan than this is worth a remark."""

OFFERED_TOLERANCE = 0.01
"""Share of the plan by which the offered load may be off."""


def lag_limit_s(deadline_s: float | None) -> float:
    """Return the p99 that our own schedule lag may have: 1 % of the deadline, and never under 50 ms."""
    return max(0.01 * (deadline_s or 0.0), 0.05)


def problems_of(run: Run, workers: Iterable[WorkerRows], course: Course, measured: Summary) -> tuple[Problem, ...]:
    """Return what makes a run doubtful: what its conductor told, then what its rows and files show beside that."""
    calls = measured.cell("all").calls
    known = {problem.kind for problem in run.problems} - {ProblemKind.FAULT, ProblemKind.ROWS_LOST}
    ended_s = course.ended_s if run.ended_s is None else run.ended_s
    seen = [
        *(of_warm_up(course, measured.cell("warm-up")) if calls else ()),
        *of_rows(workers),
        *of_end(run, ended_s, calls),
        *of_generator(measured.health, run),
        *of_faults(course.windows, run.state),
        *of_files(run),
    ]
    return (*run.problems, *(problem for problem in seen if problem.kind not in known))


def of_warm_up(course: Course, warm_up: Cell) -> list[Problem]:
    """Return why the warm-up did not end steady, with what most of its calls failed of."""
    if not course.unsteady:
        return []
    return [Problem(ProblemKind.UNSTEADY, f"unsteady before the storm: {course.unsteady}{most_failed(warm_up)}")]


def of_rows(workers: Iterable[WorkerRows]) -> list[Problem]:
    """Return what the merge found missing."""
    found = []
    for rows in workers:
        words = rows.words()
        if words:
            kind = ProblemKind.ROWS_LOST if rows.missing or rows.fault else ProblemKind.ROWS_DAMAGED
            found.append(Problem(kind, words))
        elif rows.torn_bytes:
            found.append(Problem(ProblemKind.TORN, f"worker {rows.worker}: its last row was cut short", invalid=False))
    return found


def of_end(run: Run, ended_s: float, calls: int) -> list[Problem]:
    """Return what is wrong with how the run ended."""
    if run.state == "interrupted":
        return []
    if run.state == "running":
        return [Problem(ProblemKind.CUT_SHORT, "nobody wrote down how the run ended: it was killed, or still goes on")]
    if run.state == "aborted":
        return [Problem(ProblemKind.ABORTED, "the run was given up before its planned end")]
    if calls == 0:
        text = "not one call was due after the warm-up; see the run's log and the users' tasks"
        return [Problem(ProblemKind.NO_SAMPLES, text)]
    if ended_s < run.planned_s - 1:
        text = f"the load ended at {ended_s:.0f} s, and its plan is {run.planned_s:.0f} s; leave out -t"
        return [Problem(ProblemKind.RUN_TIME, text)]
    return []


def most_failed(cell: Cell) -> str:
    """Return how most calls of a cell failed, to end a sentence with; nothing where none did."""
    if not cell.causes:
        return ""
    cause, count = max(cell.causes.items(), key=lambda item: item[1])
    failed = plural(cell.failed, "failed call")
    return f"; the most frequent cause: {cause_words(cause).label} ({number(count)} of {failed} in the warm-up)"


def of_faults(windows: Iterable[FaultWindow], state: str) -> list[Problem]:
    """Return steps that were not carried out, not undone, or far from plan."""
    found = []
    for window in windows:
        if window.problem:
            found.append(Problem(ProblemKind.FAULT, f"{window.step} {window.problem}"))
        elif window.from_s is None and state == "complete":
            found.append(Problem(ProblemKind.FAULT, f"{window.step} was planned and never applied"))
        edges = ((window.planned_from_s, window.from_s), (window.planned_until_s, window.until_s))
        errors = [real - plan for plan, real in edges if plan is not None and real is not None]
        worst = max(errors, key=abs, default=0.0)
        if abs(worst) > EDGE_LIMIT_S:
            text = f"{window.step} was {duration(abs(worst))} {'late' if worst > 0 else 'early'}"
            found.append(Problem(ProblemKind.EDGE, text, invalid=False))
    return found


def of_files(run: Run) -> list[Problem]:
    """Return which files of events were cut short, as a crash or a full disk leaves them."""
    told = [cut_lines(run.path / name) for name in ("faults.ndjson", "auth.ndjson")]
    return [Problem(ProblemKind.CUT_LINES, text, invalid=False) for text in told if text]


def of_generator(health: Health, run: Run) -> list[Problem]:
    """Return why the load generator, and not the target, may have made the numbers."""
    found = []
    ours = health.lag.p99_s if health.lag.p99_s is not None else health.lag.max_s
    if ours is not None and ours > health.lag_limit_s:
        found.append(
            Problem(
                ProblemKind.SATURATED,
                f"the load generator was the bottleneck: calls left {duration(ours)} late (p99) while a user was free; "
                f"the limit is {duration(health.lag_limit_s)}; use --processes, or offer less",
            )
        )
    for worker in health.workers:
        lag_s = worker.loop_lag_p99_s
        if lag_s is not None and lag_s > LOOP_LAG_LIMIT_S:
            text = (
                f"the load generator was the bottleneck: worker {worker.worker}'s loop was {duration(lag_s)} late (p99)"
            )
            found.append(Problem(ProblemKind.SATURATED, f"{text}; use --processes, or offer less"))
    doubts = [clock_doubt(promise.worker, promise.clock_bound_s) for promise in run.promises]
    found += [Problem(ProblemKind.CLOCK, text) for text in doubts if text]
    return found + _of_offer(health, run)


def _of_offer(health: Health, run: Run) -> list[Problem]:
    if not health.planned or run.state != "complete" or not health.offered:
        return []
    slack = max(OFFERED_TOLERANCE * health.planned, 3.0)
    if run.load.get("shape") == "poisson":
        slack = max(slack, 4 * math.sqrt(health.planned))
    if abs(health.offered - health.planned) <= slack:
        return []
    text = f"{plural(health.offered, 'call')} were due, and the plan holds {number(health.planned)}"
    return [Problem(ProblemKind.OFFERED, text)]


def verdict(run: Run, problems: Sequence[Problem], checks: Sequence[CheckResult]) -> Verdict:
    """Return the run in one word; the most severe reason decides, and the others stand after it."""
    interrupted = []
    if run.state == "interrupted":
        interrupted = [f"The run was interrupted: {run.data.get('interrupted') or 'stopped before its planned end'}."]
    invalid = [_sentence(problem.text) for problem in problems if problem.invalid]
    if not interrupted:
        invalid += [check.sentence for check in checks if check.result == "no data"]
    failed = [check.sentence for check in checks if check.result == "failed"]
    reasons = (*interrupted, *invalid, *failed)
    if interrupted:
        return Verdict("interrupted", 130, reasons)
    if invalid:
        return Verdict("invalid", 3, reasons)
    if failed:
        return Verdict("failed", 1, reasons)
    if not checks:
        return Verdict("unjudged", 0, ("No checks: nothing was judged.",))
    return Verdict("passed", 0, tuple(check.sentence for check in checks))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
