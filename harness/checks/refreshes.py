"""How many token fetches a fault may cost: a refresh storm costs more."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, applied_steps, limit_words, wrong_after, wrong_limit
from harness.formatting import number, plural
from harness.results.summary import CheckResult, Summary


@dataclass(frozen=True)
class Refreshes(Check, check="refreshes"):
    """Bound the token fetches from a step's start to the end of its recovery; ``after`` as for `recovery`."""

    below: int
    after: str | None = None

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"under {limit_words(self.below, number)} token fetches for {self.after or 'every fault'}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        return [*wrong_limit(self.check, "below", self.below), *wrong_after(self.check, self.after, steps)]

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the step with the most token fetches."""
        steps = applied_steps(summary, self.after)
        if not steps:
            return self.no_data(self.below, "no such fault was applied")
        worst = max(steps, key=lambda step: step.fetches)
        sentence = (
            f"{worst.step} cost {plural(worst.fetches, 'token fetch', 'token fetches')}, at most "
            f"{number(worst.fetches_peak_per_s)} in one second; the limit is {number(self.below)}."
        )
        return self.judged(worst.fetches, self.below, passed=worst.fetches < self.below, sentence=sentence)
