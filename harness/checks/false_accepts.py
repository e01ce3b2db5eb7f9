"""How many bad tokens may be let in: judged by the upper bound, for none of a few proves little."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.checks import Check, is_number, limit_words
from harness.measures import ProbeOutcome
from harness.share import Share, needed
from harness.summary import CheckResult, Summary
from harness.wording import number, percent, plural

_NAMED = 3


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
        return wrong_settings(self.check, self.below, self.of, steps)

    def evaluate(self, summary: Summary) -> CheckResult:
        """Judge the upper bound of the share."""
        probes = probes_of(summary, self.of)
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


def probes_of(summary: Summary, of: str | None) -> list[ProbeOutcome]:
    """Return what became of the calls that a step, a fault, or (None) all steps poisoned."""
    return [one for one in summary.measures.probes if of in {None, one.step, one.fault}]


def wrong_settings(check: str, below: object, of: str | None, steps: Mapping[str, str]) -> list[str]:
    """Return what is wrong with the settings of a check that judges poisoned calls."""
    share = is_number(below) and 0 < below <= 1  # type: ignore[operator] # a number, by now
    found = [] if share else [f"{check}: below={below!r} must be above 0 and at most 1; 0.001 means 0.1 %"]
    if not steps:
        found.append(f"{check}: the timeline has no step that poisons calls; add one, or drop the check")
    elif of is not None and of not in {*steps, *steps.values()}:
        ways = ", ".join([*steps, *sorted(set(steps.values()))])
        found.append(f"{check}: of={of!r} names nothing in the timeline; it can be {ways}")
    return found


def most_wrong(probes: Iterable[ProbeOutcome], codes: Collection[str]) -> str:
    """Return what got one of some statuses, the most frequent first: ``SIGN-01, CLM-04 strange``."""
    found = Counter[str]()
    for one in probes:
        for specimen, answers in one.answers.items():
            found[specimen] += sum(count for code, count in answers.items() if code in codes)
    named = [specimen for specimen, count in found.most_common() if count]
    more = f" and {len(named) - _NAMED} more" if len(named) > _NAMED else ""
    return ", ".join(named[:_NAMED]) + more


def _which(probes: Sequence[ProbeOutcome]) -> str:
    """Name what was let in, worst first, and by which methods."""
    bad = sorted((one for one in probes if one.accepted), key=lambda one: -one.accepted)
    if not bad:
        return ""
    naked = Counter[str]()
    for one in bad:
        naked.update(one.naked)
    by = f", by {', '.join(method.rpartition('/')[2] for method in sorted(naked))}" if naked else ""
    return f"; let in: {most_wrong(bad, ('OK',)) or ', '.join(one.text for one in bad[:_NAMED])}{by}"


false_accepts = FalseAccepts
