"""How soon calls must be good again after a fault."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, applied_steps, limit_words, wrong_after, wrong_limit
from harness.summary import CheckResult, Summary
from harness.wording import duration


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

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the slowest recovery; one that never came fails."""
        steps = applied_steps(summary, self.after)
        if not steps:
            return self.no_data(self.within_s, "no such fault was applied")
        slowest = max(steps, key=lambda step: float("inf") if step.recovery_s is None else step.recovery_s)
        if slowest.recovery_s is None:
            why = slowest.recovery_reason or "no reason is known"
            sentence = f"Calls were not good again after {slowest.step}: {why}; the limit is {duration(self.within_s)}."
            return self.judged(None, self.within_s, passed=False, sentence=sentence)
        took = "at once" if slowest.recovery_s == 0 else f"{duration(slowest.recovery_s)} later"
        sentence = f"After {slowest.step} calls were good again {took}; the limit is {duration(self.within_s)}."
        passed = slowest.recovery_s <= self.within_s
        return self.judged(slowest.recovery_s, self.within_s, passed=passed, sentence=sentence)


recovery = Recovery
