"""How many bad tokens may crash the verifier: judged by the upper bound, for none of a few proves little."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.answers import CRASHES
from harness.checks import Check, limit_words
from harness.checks.false_accepts import most_wrong, probes_of, wrong_settings
from harness.share import Share, needed
from harness.summary import CheckResult, Summary
from harness.wording import number, percent, plural


@dataclass(frozen=True)
class Crashes(Check, check="crashes"):
    """Bound the share of poisoned calls that end UNKNOWN or INTERNAL; ``of`` a step or a fault, else all together.

    What is judged is the upper bound of that share (95 %).
    """

    below: float
    of: str | None = None

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"crashes of the verifier{f' by {self.of}' if self.of else ''} under {limit_words(self.below, percent)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        return wrong_settings(self.check, self.below, self.of, steps)

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the upper bound of the share."""
        probes = probes_of(summary, self.of)
        share = Share.counted(sum(one.crashed for one in probes), sum(one.sent for one in probes))
        if not share.of:
            return self.no_data(self.below, "no poisoned call was sent")
        if not share.hits and share.high >= self.below:
            return self.no_data(self.below, f"{plural(share.of, 'poisoned call')}, and it takes {needed(self.below)}")
        by = most_wrong(probes, CRASHES)
        sentence = (
            f"{number(share.hits) if share.hits else 'None'} of {plural(share.of, 'poisoned call')} crashed the "
            f"verifier: the share is under {percent(share.high)} (95 % sure); the limit is {percent(self.below)}"
            f"{f'; crashed by: {by}' if by else ''}."
        )
        return self.judged(share.high, self.below, passed=share.high < self.below, sentence=sentence)


crashes = Crashes
