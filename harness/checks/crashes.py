"""How many bad tokens may crash the verifier."""

from collections.abc import Sequence
from dataclasses import dataclass

from harness.checks import limit_words
from harness.checks.poisoned import OfPoisoned, most_wrong
from harness.formatting import percent
from harness.results.auth_summary import ProbeOutcome
from harness.results.grpc_status import CRASHES


@dataclass(frozen=True)
class Crashes(OfPoisoned, check="crashes"):
    """Bound the share of poisoned calls that end UNKNOWN or INTERNAL; ``of`` a step or a fault, else all together.

    What is judged is the upper bound of that share (95 %).
    """

    @property
    def text(self) -> str:
        """Return the condition in words."""
        return f"crashes of the verifier{f' by {self.of}' if self.of else ''} under {limit_words(self.below, percent)}"

    def hits(self, probe: ProbeOutcome) -> int:
        """Return how many crashed it."""
        return probe.crashed

    def became(self, hits: int) -> str:
        """Return what became of them."""
        del hits
        return "crashed the verifier"

    def named(self, probes: Sequence[ProbeOutcome]) -> str:
        """Name what crashed it, worst first."""
        by = most_wrong(probes, CRASHES)
        return f"; crashed by: {by}" if by else ""
