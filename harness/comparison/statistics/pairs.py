"""Pairs of runs: the coin that orders each, and how the two runs of one differ.

The pair is the unit of evidence: one run of the baseline and one of the candidate, back to back.
Requests within a run, and runs hours apart, differ for reasons that have nothing to do with a build.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from harness.comparison.statistics.measure import Measured
from harness.comparison.statistics.metric import Metric

Order = Literal["AB", "BA"]
"""Which run went first: A is the baseline, B the candidate."""

LEAST_S = 1e-6
"""Times below the recorder's resolution count as this, so that each has a logarithm."""


@dataclass(frozen=True)
class Pair:
    """Two runs, back to back, in the order that the coin gave."""

    number: int
    """From 1."""
    order: Order
    base: Measured
    new: Measured

    def difference(self, metric: Metric) -> float | None:
        """Return candidate against baseline on the metric's scale; None where one of them has no value."""
        return difference(metric, self.base.values.get(metric), self.new.values.get(metric))


def coin(seed: int, pairs: int) -> tuple[Order, ...]:
    """Return the order of each pair: a fair coin from a seed, the same first n whatever is planned after them."""
    return tuple("AB" if random.Random(f"{seed}/coin/{number}").random() < 0.5 else "BA" for number in range(pairs))


def difference(metric: Metric, base: float | None, new: float | None) -> float | None:
    """Return how two values of a metric differ: ln(new / base) of times, else new - base."""
    if base is None or new is None:
        return None
    if metric.scale == "log":
        return math.log(max(new, LEAST_S) / max(base, LEAST_S))
    return new - base


def differences(pairs: Sequence[Pair], metric: Metric) -> tuple[float | None, ...]:
    """Return each pair's difference, in their order."""
    return tuple(pair.difference(metric) for pair in pairs)
