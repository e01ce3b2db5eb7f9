"""Shares: so many of so many, with exact bounds. Pure."""

from dataclasses import dataclass
from typing import Any, Self

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

        0 of n is below 3 / n, for n of some size: the rule of three.
        Source: Clopper, Pearson, "The use of confidence or fiducial limits", 1934.
        """
        from scipy.special import betaincinv  # late: scenarios are built without it; scipy.stats takes a second more

        doubt = 1 - CONFIDENCE
        low = float(betaincinv(hits, of - hits + 1, doubt)) if hits else 0.0
        high = float(betaincinv(hits + 1, of - hits, CONFIDENCE)) if hits < of else 1.0
        return cls(hits, of, low, high)

    @property
    def ratio(self) -> float | None:
        """Return the share as it was seen; None without anything counted."""
        return self.hits / self.of if self.of else None

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Rebuild a share."""
        return cls(**data)


def needed(below: float) -> int:
    """Return how many must be counted without a hit for the upper bound to fall below a limit."""
    from math import ceil, log

    return ceil(log(1 - CONFIDENCE) / log(1 - below)) if 0 < below < 1 else 1
