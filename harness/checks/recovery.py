"""How soon calls must be good again after a fault.

To see that they are takes three good seconds (`harness.results.summary.GOOD_IN_A_ROW`), so the load has to last that
much longer than the limit; where it does not, there is no data, and no failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, applied_steps, limit_words, wrong_after, wrong_limit
from harness.formatting import duration
from harness.results.summary import GOOD_IN_A_ROW, CheckResult, StepOutcome, Summary
from harness.validation import is_number


@dataclass(frozen=True)
class Recovery(Check, check="recovery"):
    """Bound the time from a fault's end until calls are good again; ``after`` a step or fault, else every one."""

    within_s: float
    after: str | None = None

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"good again within {limit_words(self.within_s)} after {self.after or 'every fault'}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        return [*wrong_limit(self.check, "within_s", self.within_s), *wrong_after(self.check, self.after, steps)]

    def misfits(self, ends_s: Mapping[str, float], faults: Mapping[str, str], duration_s: float) -> list[str]:
        """Return which faults end too late for their recovery to be seen."""
        if wrong_limit(self.check, "within_s", self.within_s):
            return []
        found = []
        for step, end_s in ends_s.items():
            if self.after not in {None, step, faults[step]} or not is_number(end_s):
                continue
            needed_s = end_s + self.within_s + GOOD_IN_A_ROW
            if needed_s > duration_s:
                found.append(
                    f"{self.check}: within_s={self.within_s:g} after {step}, which ends at {end_s:g} s, cannot be seen "
                    f"in a load of {duration_s:g} s; give duration_s >= {needed_s:g} (the limit and {GOOD_IN_A_ROW} "
                    "good seconds), or end the fault sooner"
                )
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the slowest recovery; one that did not come in time fails, one that could not be seen is no data."""
        steps = applied_steps(summary, self.after)
        if not steps:
            return self.no_data(self.within_s, "no such fault was applied")
        late = [step for step in steps if step.recovery_s is None and (step.recovery_at_least_s or 0) > self.within_s]
        unseen = [step for step in steps if step.recovery_s is None]
        slowest = max(steps, key=lambda step: step.recovery_s or 0.0)
        if late:
            return self._never(late[0])
        if slowest.recovery_s is not None and slowest.recovery_s > self.within_s:
            return self._took(slowest, slowest.recovery_s)
        if unseen:
            why = unseen[0].recovery_reason or "no reason is known"
            return self.no_data(self.within_s, f"after {unseen[0].step}, {why}")
        return self._took(slowest, slowest.recovery_s or 0.0)

    def _never(self, step: StepOutcome) -> CheckResult:
        why = step.recovery_reason or "no reason is known"
        sentence = f"Calls were not good again after {step.step}: {why}; the limit is {duration(self.within_s)}."
        return self.judged(None, self.within_s, passed=False, sentence=sentence)

    def _took(self, step: StepOutcome, took_s: float) -> CheckResult:
        took = "at once" if took_s == 0 else f"{duration(took_s)} later"
        sentence = f"After {step.step} calls were good again {took}; the limit is {duration(self.within_s)}."
        return self.judged(took_s, self.within_s, passed=took_s <= self.within_s, sentence=sentence)
