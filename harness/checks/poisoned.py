"""What the checks of poisoned calls share: a share of those calls, judged by its upper bound."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.checks import Check
from harness.formatting import number, percent, plural
from harness.results.auth_summary import ProbeOutcome
from harness.results.proportion import Share, needed
from harness.results.summary import CheckResult, Summary
from harness.validation import is_number

NAMED = 3
"""How many of what went wrong a sentence names."""


@dataclass(frozen=True)
class OfPoisoned(Check):
    """Bound a share of the poisoned calls; ``of`` a step or a fault, else all poisoned calls together.

    What is judged is the upper bound of that share (95 %), for none of a few proves little.
    """

    below: float
    of: str | None = None

    def hits(self, probe: ProbeOutcome) -> int:
        """Return how many of a step's poisoned calls count."""
        raise NotImplementedError

    def became(self, hits: int) -> str:
        """Return what became of so many calls, as a sentence goes on."""
        raise NotImplementedError

    def named(self, probes: Sequence[ProbeOutcome]) -> str:
        """Return what went wrong by name, as a sentence ends; empty where nothing did."""
        raise NotImplementedError

    def mistakes(self, steps: Mapping[str, str]) -> list[str]:
        """Return what is wrong with the settings."""
        share = is_number(self.below) and 0 < self.below <= 1
        found = (
            [] if share else [f"{self.check}: below={self.below!r} must be above 0 and at most 1; 0.001 means 0.1 %"]
        )
        if not steps:
            found.append(f"{self.check}: the timeline has no step that poisons calls; add one, or drop the check")
        elif self.of is not None and self.of not in {*steps, *steps.values()}:
            ways = ", ".join([*steps, *sorted(set(steps.values()))])
            found.append(f"{self.check}: of={self.of!r} names nothing in the timeline; it can be {ways}")
        return found

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the upper bound of the share."""
        probes = [one for one in summary.measures.probes if self.of in {None, one.step, one.fault}]
        share = Share.counted(sum(self.hits(one) for one in probes), sum(one.sent for one in probes))
        if not share.of:
            return self.no_data(self.below, "no poisoned call was sent")
        calls, became = plural(share.of, "poisoned call"), self.became(share.hits)
        if not share.hits and share.high >= self.below:
            return self.no_data(self.below, f"none of {calls} {became}, and it takes {number(needed(self.below))}")
        sentence = (
            f"{number(share.hits) if share.hits else 'None'} of {calls} {became}: the share is under "
            f"{percent(share.high)} (95 % sure); the limit is {percent(self.below)}{self.named(probes)}."
        )
        return self.judged(share.high, self.below, passed=share.high < self.below, sentence=sentence)


def most_wrong(probes: Iterable[ProbeOutcome], codes: Collection[str]) -> str:
    """Return what got one of some statuses, the most frequent first: ``SIGN-01, CLM-04 strange``."""
    found = Counter[str]()
    for one in probes:
        for specimen, answers in one.answers.items():
            found[specimen] += sum(count for code, count in answers.items() if code in codes)
    named = [specimen for specimen, count in found.most_common() if count]
    more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
    return ", ".join(named[:NAMED]) + more
