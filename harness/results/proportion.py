"""Shares: so many of so many, with exact bounds. Pure."""

import math
from dataclasses import dataclass
from typing import Self

from harness.results.binomial import log_least

CONFIDENCE = 0.95
"""How sure each bound is by itself."""


@dataclass(frozen=True)
class Share:
    """``hits`` of ``of``; each bound holds with 95 % confidence, whatever the other does."""

    hits: int = 0
    of: int = 0
    low: float = 0.0
    high: float = 1.0

    @classmethod
    def counted(cls, hits: int, of: int) -> Self:
        """Return a share with its bounds; without anything counted they are 0 and 1.

        The lower one is the chance at which so many hits or more come once in twenty, the upper one that at which
        so many misses or more do. 0 of n is below 3 / n, for n of some size: the rule of three.
        Source: Clopper, Pearson, "The use of confidence or fiducial limits", 1934.
        """
        doubt = 1 - CONFIDENCE
        low = math.exp(log_least(hits, of, doubt)) if hits else 0.0
        high = -math.expm1(log_least(of - hits, of, doubt)) if hits < of else 1.0
        return cls(hits, of, low, high)

    @property
    def ratio(self) -> float | None:
        """Return the share as it was seen; None without anything counted."""
        return self.hits / self.of if self.of else None


def needed(below: float) -> int:
    """Return how many must be counted without a hit for the upper bound to fall below a limit."""
    return math.ceil(math.log(1 - CONFIDENCE) / math.log(1 - below)) if 0 < below < 1 else 1
