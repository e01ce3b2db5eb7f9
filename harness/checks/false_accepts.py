"""How many bad tokens may be let in."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from harness.checks import limit_words
from harness.checks.poisoned import NAMED, OfPoisoned, most_wrong
from harness.formatting import percent
from harness.results.auth_summary import ProbeOutcome


@dataclass(frozen=True)
class FalseAccepts(OfPoisoned, check="false_accepts"):
    """Bound the share of poisoned calls that end OK; ``of`` a step or a fault, else all poisoned calls together.

    What is judged is the upper bound of that share (95 %): 3,000 calls without a false accept prove 0.1 %.
    """

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"false accepts{f' of {self.of}' if self.of else ''} under {limit_words(self.below, percent)}"

    def hits(self, probe: ProbeOutcome) -> int:
        """Return how many were let in."""
        return probe.accepted

    def became(self, hits: int) -> str:
        """Return what became of them."""
        return f"{'was' if hits < 2 else 'were'} accepted"

    def named(self, probes: Sequence[ProbeOutcome]) -> str:
        """Name what was let in, worst first, and by which methods."""
        bad = sorted((one for one in probes if one.accepted), key=lambda one: -one.accepted)
        if not bad:
            return ""
        naked = Counter[str]()
        for one in bad:
            naked.update(one.naked)
        by = f", by {', '.join(method.rpartition('/')[2] for method in sorted(naked))}" if naked else ""
        return f"; let in: {most_wrong(bad, ('OK',)) or ', '.join(one.text for one in bad[:NAMED])}{by}"
