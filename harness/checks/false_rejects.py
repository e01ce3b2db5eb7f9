"""How many good tokens may be turned away: judged by the upper bound."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, cells, limit_words, wrong_when
from harness.formatting import cause_words, number, percent, phase_words, plural
from harness.results.proportion import needed
from harness.results.summary import CheckResult, Summary
from harness.validation import is_number


@dataclass(frozen=True)
class FalseRejects(Check, check="false_rejects"):
    """Bound the share of attempts whose token was alive when it was sent, and that the verifier turned away.

    Tokens that were revoked do not count. What is judged is the upper bound of the share (95 %).
    """

    below: float
    when: str = "all"

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"false rejects {phase_words(self.when)} under {limit_words(self.below, percent)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        found = wrong_when(self.check, self.when, steps)
        if not is_number(self.below) or not 0 < self.below <= 1:
            found.append(f"{self.check}: below={self.below!r} must be above 0 and at most 1; 0.001 means 0.1 %")
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the worst phase by the upper bound of its share."""
        counted = [summary.measures.rejected(cell.phase) for cell in cells(summary, self.when)]
        known = [one for one in counted if one.alive]
        if not known:
            nothing = self.nothing_to_recover(self.when, summary, self.below)
            return nothing or self.no_data(self.below, "no attempt with a living token met the verifier")
        worst = max(known, key=lambda one: one.share.high)
        share = worst.share
        if not share.hits and share.high >= self.below:
            why = (
                f"none of {plural(share.of, 'attempt')} {phase_words(worst.phase)} was turned away, and it takes "
                f"{number(needed(self.below))}"
            )
            return self.no_data(self.below, why)
        first = max(worst.causes, key=lambda cause: worst.causes[cause], default="")
        sentence = (
            f"{number(share.hits) if share.hits else 'None'} of {plural(share.of, 'attempt')} with a living token "
            f"{'was' if share.hits < 2 else 'were'} turned away {phase_words(worst.phase)}"
            f"{f' (most: {cause_words(first).label})' if first else ''}: the share is under "
            f"{percent(share.high)} (95 % sure); the limit is {percent(self.below)}."
        )
        return self.judged(share.high, self.below, passed=share.high < self.below, sentence=sentence)
