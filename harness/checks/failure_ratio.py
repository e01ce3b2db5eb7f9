"""How many calls may fail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from harness.checks import Check, cells, limit_words, wrong_when
from harness.formatting import number, percent, phase_words, plural
from harness.results.summary import CheckResult, Summary
from harness.validation import is_number

DEFAULT_LIMIT = 0.01
"""Failure ratio that a good second may have where no check bounds the steady state."""


@dataclass(frozen=True)
class FailureRatio(Check, check="failure_ratio"):
    """Bound the share of planned calls that fail; calls never sent count as failed."""

    below: float
    when: str = "steady"

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"failures {phase_words(self.when)} under {limit_words(self.below, percent)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        found = wrong_when(self.check, self.when, steps)
        if not is_number(self.below) or not 0 < self.below <= 1:
            found.append(f"failure_ratio: below={self.below!r} must be above 0 and at most 1; 0.01 means 1 %")
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the worst phase by its failure ratio."""
        found = [cell for cell in cells(summary, self.when) if cell.calls]
        if not found:
            return self.nothing_to_recover(self.when, summary, self.below) or self.no_data(self.below, "no calls")
        worst = max(found, key=lambda cell: cell.failed / cell.calls)
        ratio = worst.failed / worst.calls
        if not worst.failed:
            sentence = f"None of {plural(worst.calls, 'call')} failed {phase_words(worst.phase)}."
            return self.judged(0.0, self.below, passed=True, sentence=sentence)
        share = f"{number(worst.failed)} of {plural(worst.calls, 'call')}"
        sentence = (
            f"{share} failed {phase_words(worst.phase)}, which is {percent(ratio)}; the limit is {percent(self.below)}."
        )
        return self.judged(ratio, self.below, passed=ratio < self.below, sentence=sentence)


def steady_limit(checks: Iterable[Check]) -> float:
    """Return the failure ratio that a good second may have: the steady check's bound, else 1 %."""
    bounds = [check.below for check in checks if isinstance(check, FailureRatio) and check.when == "steady"]
    return min(bounds, default=DEFAULT_LIMIT)
