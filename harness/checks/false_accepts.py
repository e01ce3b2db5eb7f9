"""How many bad tokens may be let in: judged by the upper bound, for none of a few proves little."""

from collections.abc import Mapping
from dataclasses import dataclass

from harness.checks import Check, is_number, limit_words
from harness.measures import ProbeOutcome
from harness.share import Share, needed
from harness.summary import CheckResult, Summary
from harness.wording import number, percent, plural


@dataclass(frozen=True)
class FalseAccepts(Check, check="false_accepts"):
    """Bound the share of poisoned calls that end OK; ``of`` a step or a fault, else all poisoned calls together.

    What is judged is the upper bound of that share (95 %): 3,000 calls without a false accept prove 0.1 %.
    """

    below: float
    of: str | None = None

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"false accepts{f' of {self.of}' if self.of else ''} under {limit_words(self.below, percent)}"

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        found = [] if is_number(self.below) and 0 < self.below <= 1 else [_wrong_share(self.check, self.below)]
        if not steps:
            found.append(f"{self.check}: the timeline has no step that poisons calls; add one, or drop the check")
        elif self.of is not None and self.of not in {*steps, *steps.values()}:
            ways = ", ".join([*steps, *sorted(set(steps.values()))])
            found.append(f"{self.check}: of={self.of!r} names nothing in the timeline; it can be {ways}")
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the upper bound of the share."""
        probes = [one for one in summary.measures.probes if self.of in {None, one.step, one.fault}]
        share = Share.counted(sum(one.accepted for one in probes), sum(one.sent for one in probes))
        if not share.of:
            return self.no_data(self.below, "no poisoned call was sent")
        if not share.hits and share.high >= self.below:
            why = f"none of {plural(share.of, 'poisoned call')} was accepted, and it takes {number(needed(self.below))}"
            return self.no_data(self.below, why)
        sentence = (
            f"{number(share.hits) if share.hits else 'None'} of {plural(share.of, 'poisoned call')} "
            f"{'was' if share.hits < 2 else 'were'} accepted: the share is under {percent(share.high)} "
            f"(95 % sure); the limit is {percent(self.below)}{_which(probes)}."
        )
        return self.judged(share.high, self.below, passed=share.high < self.below, sentence=sentence)


def _wrong_share(check: str, below: object) -> str:
    return f"{check}: below={below!r} must be above 0 and at most 1; 0.001 means 0.1 %"


def _which(probes: list[ProbeOutcome]) -> str:
    """Name what was let in, worst first."""
    bad = sorted((one for one in probes if one.accepted), key=lambda one: -one.accepted)
    return f"; let in: {', '.join(one.text for one in bad[:3])}" if bad else ""


false_accepts = FalseAccepts
