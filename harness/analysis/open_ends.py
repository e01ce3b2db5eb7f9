"""Open ends: steps after which calls were not good again when the load ended. Pure.

Such a run has not passed, whatever held before: the steps' windows and recoveries are in no steady state, so that a
target which never comes back would pass by being excluded. A step with ``allow_open`` may end so, and what follows
from it is not held against others.
"""

import math
from collections.abc import Iterable, Sequence

from harness.analysis.phases import TENTHS, Baseline, DueIn, FaultWindow, RecoveryTime, good, too_many, too_slow
from harness.formatting import duration
from harness.results.summary import GOOD_IN_A_ROW, CheckResult, StepOutcome, Summary

CHECK = "good_again"
TEXT = "calls are good again at the end of the load"

BUSY_S = 10
BUSY = 50
"""Calls due in the 10 s before a step from which on a second without a call is a sign, and no chance."""


def open_steps(
    found: Sequence[FaultWindow], recovered: Iterable[RecoveryTime], due_in: DueIn, baseline: Baseline, ended_s: float
) -> frozenset[str]:
    """Return the steps whose calls were seen not to be good again by the end of the load."""
    unseen = {recovery.step for recovery in recovered if recovery.seconds is None}
    judged = [window for window in found if window.step in unseen and not _undoing_failed(window)]
    return frozenset(
        window.step for window in judged if _still_bad(window, _last_s(window, found, ended_s), due_in, baseline)
    )


def open_end(summary: Summary) -> CheckResult | None:
    """Return the failed check of a run that ended open; None where it did not, or where a recovery check says it."""
    steps = [step for step in summary.steps if step.open and not step.allow_open]
    told = any(check.check.get("check") == "recovery" and check.result == "failed" for check in summary.checks)
    if not steps or told:
        return None
    check = {"check": CHECK, "text": TEXT}
    return CheckResult(check, TEXT, "failed", None, 0.0, _sentence(steps, summary.duration_s))


def _sentence(steps: Sequence[StepOutcome], ended_s: float) -> str:
    names = ", ".join(step.step for step in steps)
    why = steps[0].recovery_reason or "no reason is known"
    return (
        f"Calls were not good again when the load ended at {duration(ended_s)}, after {names}: {why}; give the load "
        "more time, or allow_open=True to what may end so."
    )


def _undoing_failed(window: FaultWindow) -> bool:
    """Tell whether nobody took a step back, so that there was nothing to recover from: that is a problem of the run."""
    return window.planned_until_s is not None and window.until_s is None


def _last_s(window: FaultWindow, found: Sequence[FaultWindow], ended_s: float) -> float:
    """Return until when a step is judged: a step that may end open takes over where it begins."""
    allowed = [other.felt_from_s for other in found if other.allow_open and other is not window]
    return min([ended_s, *(from_s for from_s in allowed if from_s is not None)])


def _still_bad(window: FaultWindow, last_s: float, due_in: DueIn, baseline: Baseline) -> bool:
    first = math.ceil(window.end_s(last_s) * TENTHS - 1e-6)
    last = math.floor(last_s * TENTHS + 1e-6)
    if last - first < GOOD_IN_A_ROW * TENTHS:
        return _ends_failing(first, last, due_in, baseline)
    tail = [due_in(tenth, TENTHS) for tenth in range(first, last - TENTHS + 1, TENTHS)]
    if any(too_many(due.failed, due.calls, baseline.failure_limit) for due in tail):
        return True
    busy = due_in(math.floor((window.felt_from_s or 0.0) * TENTHS) - BUSY_S * TENTHS, BUSY_S * TENTHS).calls >= BUSY
    signs = busy or any(too_slow(due) for due in tail if due.calls)
    return signs and not any(good(due, baseline) for due in tail)


def _ends_failing(first: int, last: int, due_in: DueIn, baseline: Baseline) -> bool:
    """Tell whether the last second failed, where less was left than a recovery takes.

    It begins with the step's end at the earliest, where anything is left after that.
    """
    begin = max(first, last - TENTHS) if first < last else last - TENTHS
    due = due_in(begin, last - begin)
    return too_many(due.failed, due.calls, baseline.failure_limit)
