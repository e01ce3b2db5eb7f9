"""False rejects: living tokens that were turned away, by phase."""

from collections import Counter

import numpy as np

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.results.arrow import Bools
from harness.results.auth_summary import FalseRejectSummary
from harness.results.proportion import Share
from harness.results.row import Cause
from harness.results.run import Run
from harness.results.summary import Phase
from harness.results.treatment import TokenTreatment


class Rejects(Measure, of="rejects"):
    """Counts how living tokens were taken, in each phase."""

    def __init__(self, run: Run, course: Course) -> None:
        leeway_s, ends = _leeway_s(run), _Ends(run, course)
        self._phases = [_OfPhase(phase, leeway_s, ends) for phase in course.phases]

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


class _Ends:
    """When faults ended every token that was there: what they turned away was dead, whatever its claims say."""

    def __init__(self, run: Run, course: Course) -> None:
        ending = {str(step["id"]) for step in run.steps if step.get("ends_tokens")}
        self._windows = [window for window in course.windows if window.step in ending]
        self._life_s = float(dict(run.data.get("tokens") or {}).get("lifetime_s") or 0.0)

    def among(self, rejected: Chunk) -> Bools:
        """Return which rejected tokens a fault had ended.

        They were minted before it took effect, and judged after it began to act. Claims are whole seconds: one that was
        minted in the same second may be older.
        """
        found = np.zeros(rejected.size, bool)
        minted_s = rejected.sent_s + rejected.life_ms / 1e3 - self._life_s
        judged_s = rejected.sent_s + rejected.service_us / 1e6
        for window in self._windows:
            if window.from_s is not None and window.felt_from_s is not None:
                found |= (minted_s <= window.from_s) & (judged_s >= window.felt_from_s)
        return found


class _OfPhase:
    """Counts one phase."""

    def __init__(self, phase: Phase, leeway_s: float | None, ends: _Ends) -> None:
        self._ends = ends
        self._ended = 0
        self._phase = phase
        self._leeway_s = leeway_s
        self._taken = np.zeros(len(TokenTreatment), np.int64)
        self._must = 0
        self._causes = Counter[int]()

    def count(self, judged: Chunk) -> None:
        inside, treatment = judged.within(self._phase.spans), judged.treatment
        self._taken += np.bincount(treatment[inside], minlength=len(TokenTreatment))
        turned_away = judged.where(inside & (treatment == TokenTreatment.REJECTED))
        ended = self._ends.among(turned_away)
        self._ended += int(ended.sum())
        rejected = turned_away.where(~ended)
        self._causes.update(rejected.cause.tolist())
        if self._leeway_s is not None:
            in_time = rejected.life_ms / 1e3 - rejected.service_us / 1e6 + self._leeway_s > 0
            self._must += int((in_time & (rejected.cause != Cause.NOT_YET_VALID)).sum())

    def result(self) -> FalseRejectSummary:
        alive = int(self._taken.sum())
        revoked, rejected = (
            int(self._taken[TokenTreatment.REVOKED]),
            int(self._taken[TokenTreatment.REJECTED]) - self._ended,
        )
        return FalseRejectSummary(
            self._phase.name,
            alive=alive,
            rejected=rejected,
            revoked=revoked,
            ended=self._ended,
            must_accept=self._must,
            grey=rejected - self._must,
            causes={Cause(cause).name: count for cause, count in self._causes.most_common()},
            share=Share.counted(rejected, alive - revoked - self._ended),
        )
