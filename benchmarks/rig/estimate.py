"""Estimates: a value with its interval, from order statistics alone.

No shape of the distribution is assumed, for timings on a busy machine have none.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

CONFIDENCE = 0.95
SEED = 20240607


@dataclass(frozen=True)
class Estimate:
    """A value and the interval it lies in, of ``samples`` samples."""

    value: float
    low: float
    high: float
    samples: int


def quantile(values: Sequence[float], share: float, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate a quantile with its order-statistic interval.

    The interval runs between two of the values, whose ranks are the (1 ± confidence) / 2 quantiles
    of Binomial(n, share), rounded outward, so that its coverage is at least ``confidence``; an end
    that so few values cannot give is infinite. ``values`` are independent by assumption, not empty,
    in any order. Source: Conover, Practical Nonparametric Statistics, 3rd ed., 3.2.
    """
    ordered, n = sorted(values), len(values)
    tail = (1 - confidence) / 2
    below = _binomial_quantile(n, share, tail, strictly=True)
    above = _binomial_quantile(n, share, 1 - tail, strictly=False)
    middle = math.ceil(share * n) - 1
    # The usual median of an even number of values lies between the middle two.
    even_median = share == 0.5 and n % 2 == 0
    value = (ordered[n // 2 - 1] + ordered[n // 2]) / 2 if even_median else ordered[middle]
    return Estimate(value, ordered[below - 1] if below else -math.inf, ordered[above] if above < n else math.inf, n)


def exact(value: float, samples: int = 1) -> Estimate:
    """Return a figure without an interval: a count, or one that is only there to compare."""
    return Estimate(value, value, value, samples)


def median(values: Sequence[float]) -> Estimate:
    """Estimate the median with the interval of the sign test."""
    return quantile(values, 0.5)


def turns(names: Sequence[str], rounds: int, seed: int = SEED) -> list[list[str]]:
    """Return who goes when: in each round all of them, in an order drawn by a seeded coin."""
    coin = random.Random(seed)
    return [coin.sample(names, len(names)) for _ in range(rounds)]


def _binomial_quantile(n: int, share: float, at: float, *, strictly: bool) -> int:
    """Return the largest rank with P(X < rank) <= at (``strictly``), else the smallest k with P(X <= k) >= at."""
    total = 0.0
    for k in range(n + 1):
        term = math.exp(_log_binomial(n, k) + k * math.log(share) + (n - k) * math.log1p(-share))
        if total + term > at if strictly else total + term >= at:
            return k
        total += term
    return n


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
