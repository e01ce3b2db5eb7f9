"""Course: what happened when in a run, from which follows to which phase each call belongs.

Two passes over the final rows: the first tells what calls were like before the first fault, the second which later
ones were slow beside them (`harness.analysis.buckets`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from harness.analysis.buckets import Tenths
from harness.analysis.columns import Rows
from harness.analysis.open_ends import open_steps
from harness.analysis.phases import Baseline, FaultWindow, RecoveryTime, first_fault_s, recoveries, spans, unsteady
from harness.results.run import Run
from harness.results.summary import GOOD_IN_A_ROW, Phase


@dataclass(frozen=True)
class Course:
    """Windows, baseline, recoveries and phases; seconds from zero."""

    ended_s: float
    windows: tuple[FaultWindow, ...]
    baseline: Baseline
    recovered: tuple[RecoveryTime, ...]
    phases: tuple[Phase, ...]
    open: frozenset[str]
    """Steps after which calls were not good again when the load ended."""
    unsteady: str | None
    """Why the warm-up did not end steady; None where it did, or never ended."""

    def recovery(self, step: str) -> RecoveryTime | None:
        """Return the recovery of a step; None where it was never applied."""
        return next((recovery for recovery in self.recovered if recovery.step == step), None)

    def costs(self) -> dict[str, tuple[float, float]]:
        """Return for each step the time whose token fetches it is charged with.

        From its start to the end of the three good seconds after it: a token that died shows its
        fetches at once, even where no call failed.
        """
        until = {recovery.step: recovery.until_s + GOOD_IN_A_ROW for recovery in self.recovered}
        return {
            window.step: (window.from_s, min(until.get(window.step, self.ended_s), self.ended_s))
            for window in self.windows
            if window.from_s is not None
        }


def course_of(run: Run, found: Sequence[FaultWindow], rows: Rows, failure_limit: float) -> Course:
    """Return the course of a run whose steps were in force in the windows ``found``."""
    first = Tenths(first_fault_s(found), run.warm_up_s)
    for calls in rows.finals():
        first.count(calls)
    ended_s = max(run.ended_s or 0.0, first.after_last_s(run.planned_s))
    baseline = first.baseline(failure_limit, ended_s)
    for calls in rows.finals() if math.isfinite(baseline.p90_limit_s) else ():
        first.count_slow(calls, baseline.p90_limit_s)
    due_in = first.due_in()
    recovered = recoveries(found, due_in, baseline, ended_s)
    return Course(
        ended_s,
        tuple(found),
        baseline,
        recovered,
        open=open_steps(found, recovered, due_in, baseline, ended_s),
        phases=spans(found, recovered, ended_s, run.warm_up_s),
        unsteady=None if run.zero_ns is None else unsteady(due_in, failure_limit, run.warm_up_s),
    )
