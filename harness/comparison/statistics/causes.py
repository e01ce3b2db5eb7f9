"""Causes of failure, baseline against candidate: how much of each, and which are new."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from harness.comparison.statistics.interval import Interval, subset_mean_interval
from harness.comparison.statistics.pairs import Pair
from harness.formatting import signed

LEAST_EVENTS = 10
"""Fewer failures of a cause, in all runs together, are too few to compare."""

LEVEL_ALPHA = 0.05
Standing = Literal["compared", "too few to compare", "new cause"]


@dataclass(frozen=True)
class CauseFinding:
    """One cause of failure over all pairs; counts are calls, differences shares of the planned calls."""

    cause: str
    standing: Standing
    base: tuple[int, ...]
    new: tuple[int, ...]
    """Failed calls of each pair's candidate: what a new cause cost."""
    differences: tuple[float, ...]
    interval: Interval | None
    """At 95 %; None where there is nothing to compare."""

    def sentence(self) -> str:
        """Return the finding in words."""
        if self.standing == "new cause":
            counts = ", ".join(str(count) for count in self.new)
            return f"new cause {self.cause}: never in the baseline, {sum(self.new)} calls of the candidate ({counts})"
        if self.interval is None:
            return f"{self.cause}: {sum(self.base)} calls before, {sum(self.new)} now: {self.standing}"
        low, high = (signed(end * 100) for end in (self.interval.low, self.interval.high))
        return f"{self.cause}: {sum(self.base)} calls before, {sum(self.new)} now (between {low} and {high} points)"


def cause_findings(pairs: Sequence[Pair]) -> tuple[CauseFinding, ...]:
    """Return a finding for each cause that any run had: the new ones first, then the most frequent."""
    causes = dict.fromkeys(cause for pair in pairs for run in (pair.base, pair.new) for cause in run.causes)
    found = [_finding(pairs, cause) for cause in causes]
    return tuple(sorted(found, key=lambda one: (one.standing != "new cause", -sum(one.base) - sum(one.new))))


def _finding(pairs: Sequence[Pair], cause: str) -> CauseFinding:
    base = tuple(pair.base.causes.get(cause, 0) for pair in pairs)
    new = tuple(pair.new.causes.get(cause, 0) for pair in pairs)
    each = tuple(
        after / max(pair.new.calls, 1) - before / max(pair.base.calls, 1)
        for pair, before, after in zip(pairs, base, new, strict=True)
    )
    if sum(base) == 0:
        return CauseFinding(cause, "new cause", base, new, each, None)
    if sum(base) + sum(new) < LEAST_EVENTS:
        return CauseFinding(cause, "too few to compare", base, new, each, None)
    return CauseFinding(cause, "compared", base, new, each, subset_mean_interval(np.array(each), LEVEL_ALPHA))
