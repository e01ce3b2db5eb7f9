"""False rejects: living tokens that were turned away, by phase."""

from collections import Counter

import numpy as np

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.results.auth_summary import FalseRejectSummary
from harness.results.proportion import Share
from harness.results.row import Cause
from harness.results.run import Run
from harness.results.summary import Phase
from harness.results.treatment import TokenTreatment


class Rejects(Measure, of="rejects"):
    """Counts how living tokens were taken, in each phase."""

    def __init__(self, run: Run, course: Course) -> None:
        leeway_s = _leeway_s(run)
        self._phases = [_OfPhase(phase, leeway_s) for phase in course.phases]

    def count(self, attempts: Chunk) -> None:
        """Count attempts."""
        judged = attempts.where(attempts.treatment != TokenTreatment.NOT_JUDGED)
        for phase in self._phases:
            phase.count(judged)

    def result(self, totals: Totals) -> tuple[FalseRejectSummary, ...]:
        """Return the counts of all phases."""
        del totals
        return tuple(phase.result() for phase in self._phases)


def _leeway_s(run: Run) -> float | None:
    """Return the verifier's leeway where its clock is the callers' own; None where nobody can tell."""
    lab = run.data.get("lab")
    return None if not lab or run.data.get("clocks") or run.data.get("endpoint") else float(lab.get("leeway_s", 0.0))


class _OfPhase:
    """Counts one phase."""

    def __init__(self, phase: Phase, leeway_s: float | None) -> None:
        self._phase = phase
        self._leeway_s = leeway_s
        self._taken = np.zeros(len(TokenTreatment), np.int64)
        self._must = 0
        self._causes = Counter[int]()

    def count(self, judged: Chunk) -> None:
        inside, treatment = judged.within(self._phase.spans), judged.treatment
        self._taken += np.bincount(treatment[inside], minlength=len(TokenTreatment))
        rejected = judged.where(inside & (treatment == TokenTreatment.REJECTED))
        self._causes.update(rejected.cause.tolist())
        if self._leeway_s is not None:
            in_time = rejected.life_ms / 1e3 - rejected.service_us / 1e6 + self._leeway_s > 0
            self._must += int((in_time & (rejected.cause != Cause.NOT_YET_VALID)).sum())

    def result(self) -> FalseRejectSummary:
        alive = int(self._taken.sum())
        revoked, rejected = int(self._taken[TokenTreatment.REVOKED]), int(self._taken[TokenTreatment.REJECTED])
        return FalseRejectSummary(
            self._phase.name,
            alive=alive,
            rejected=rejected,
            revoked=revoked,
            must_accept=self._must,
            grey=rejected - self._must,
            causes={Cause(cause).name: count for cause, count in self._causes.most_common()},
            share=Share.counted(rejected, alive - revoked),
        )
