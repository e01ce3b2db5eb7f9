"""How many attempts a call may cost the target: retries amplify a storm."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, cells, limit_words, wrong_limit, wrong_when
from harness.formatting import number, phase_words, plural
from harness.results.summary import CheckResult, Summary


@dataclass(frozen=True)
class Attempts(Check, check="attempts"):
    """Bound the attempts per call that the target has to bear."""

    per_call_below: float
    when: str = "all"

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"under {limit_words(self.per_call_below, number)} attempts per call {phase_words(self.when)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        limit = wrong_limit(self.check, "per_call_below", self.per_call_below)
        return [*limit, *wrong_when(self.check, self.when, steps)]

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the phase with the most attempts per call."""
        limit = self.per_call_below
        found = [cell for cell in cells(summary, self.when) if cell.calls]
        if not found:
            return self.nothing_to_recover(self.when, summary, limit) or self.no_data(limit, "no calls")
        worst = max(found, key=lambda cell: cell.attempts / cell.calls)
        value = worst.attempts / worst.calls
        sentence = (
            f"{value:.3g} attempts per call {phase_words(worst.phase)} ({plural(worst.calls, 'call')}); "
            f"the limit is {number(limit)}."
        )
        return self.judged(value, limit, passed=value < limit, sentence=sentence)
