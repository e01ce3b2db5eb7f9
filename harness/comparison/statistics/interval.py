"""The subset-mean interval: exact when each difference's sign was decided by a coin.

The means of all 2^n - 1 non-empty subsets of n differences are sorted; they cut the line into 2^n
intervals, each of which holds the true change with the same chance, whatever the noise looks like,
as long as each difference is symmetric about it. The coin that orders each pair guarantees just
that where nothing changed. Source: J. A. Hartigan, "Using subsample values as typical values",
JASA 64 (1969); it is the inversion of the sign-flip test.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ALL_SUBSETS_TO = 16
"""Up to so many pairs every subset counts; beyond, `RANDOM_SUBSETS` of them, drawn from a fixed seed."""
RANDOM_SUBSETS = (1 << 16) - 1
MOST_PAIRS = 1000
"""Nobody makes more pairs: a change that would need more is called out of reach."""


@dataclass(frozen=True)
class Interval:
    """Where the change lies, on the metric's scale; ``level`` is the chance that such an interval holds it."""

    low: float
    high: float
    level: float


def subset_mean_interval(differences: npt.ArrayLike, alpha: float) -> Interval | None:
    """Return the interval of differences (shape (n,)) at level 1 - alpha; None where n is too small for it."""
    values = np.asarray(differences, dtype=np.float64)
    cut = cut_of(values.size, alpha)
    if not cut:
        return None
    low, high = subset_mean_bounds(values[np.newaxis], alpha)
    return Interval(float(low[0]), float(high[0]), 1 - 2 * cut / _cells(values.size))


def subset_mean_bounds(differences: Floats, alpha: float) -> tuple[Floats, Floats]:
    """Return the ends of many intervals at once: differences of shape (trials, n), ends of shape (trials,).

    NaN where n is too small for the level.
    """
    trials, n = differences.shape
    cut = cut_of(n, alpha)
    if not cut:
        return np.full(trials, np.nan), np.full(trials, np.nan)
    means = subset_means(differences)
    total = means.shape[1]
    parted = np.partition(means, (cut - 1, total - cut), axis=1)
    return parted[:, cut - 1], parted[:, total - cut]


def subset_means(differences: Floats) -> Floats:
    """Return the means of all non-empty subsets (n <= 16), or of random ones: shape (trials, 2^n - 1)."""
    members = _subsets(differences.shape[1])
    means: Floats = (differences @ members) / members.sum(axis=0)
    return means


def cut_of(n: int, alpha: float) -> int:
    """Return how many subset means lie beyond each end of the interval; 0 says that n pairs cannot decide."""
    return int(alpha / 2 * _cells(n) + 1e-9) if n else 0


def smallest_n(alpha: float) -> int:
    """Return the smallest number of pairs that can decide at all at level 1 - alpha."""
    return next(n for n in range(1, MOST_PAIRS) if cut_of(n, alpha))


def sign_flip_p(differences: npt.ArrayLike) -> float:
    """Return the share of sign flips that give a mean at least as far from zero as the one that was seen."""
    values = np.asarray(differences, dtype=np.float64)
    total = values.sum()
    sums = (values[np.newaxis] @ _subsets(values.size))[0]
    flipped = np.abs(2 * np.append(sums, 0.0) - total)  # the empty subset flips every sign
    return float(np.mean(flipped >= abs(total) - 1e-12 * max(1.0, float(np.abs(values).sum()))))


def pairs_to_show(differences: npt.ArrayLike, smallest_change: float, alpha: float) -> int | None:
    """Return about how many pairs would show a change of this size, given the spread of these differences.

    The smallest n with t(n - 1) s / sqrt(n) <= change, more than there are now; None beyond `MOST_PAIRS`.
    """
    from scipy.special import stdtrit  # late: `compare` needs no interval, and starts sooner without

    values = np.asarray(differences, dtype=np.float64)
    if values.size < 2:
        return None
    n = np.arange(max(values.size + 1, smallest_n(alpha)), MOST_PAIRS + 1)
    reach = stdtrit(n - 1.0, 1 - alpha / 2) * values.std(ddof=1) / np.sqrt(n)
    enough = np.flatnonzero(reach <= smallest_change)
    return int(n[enough[0]]) if enough.size else None


def _cells(n: int) -> int:
    return 2**n if n <= ALL_SUBSETS_TO else RANDOM_SUBSETS + 1


@cache
def _subsets(n: int) -> Floats:
    """Return the subsets as columns of 0 and 1: shape (n, subsets)."""
    if n <= ALL_SUBSETS_TO:
        numbers = np.arange(1, 2**n)
        return ((numbers[np.newaxis, :] >> np.arange(n)[:, np.newaxis]) & 1).astype(np.float64)
    members = np.random.default_rng(n).integers(0, 2, (n, RANDOM_SUBSETS)).astype(np.float64)
    members[:, members.sum(axis=0) == 0] = 1.0
    return members
