"""Trials: comparisons of simulated runs, dealt to two builds by a coin or in a fixed order, and their words."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.honesty.hosts import Host
from benchmarks.honesty.storm import LATENCIES, METRICS, Pool
from harness.comparison.statistics.interval import subset_mean_bounds
from harness.comparison.statistics.matters import Matters
from harness.comparison.statistics.metric import primary
from harness.comparison.statistics.verdict import BETTER, SAME, TOO_NOISY, WORSE, words

Floats = npt.NDArray[np.float64]
Words = npt.NDArray[np.str_]
Bools = npt.NDArray[np.bool_]
Deal = Callable[[np.random.Generator, int, int], npt.NDArray[np.int64]]
"""Returns the places of the candidate's runs: shape (trials, pairs), pair i's baseline being its partner."""

SMALLEST = np.array([Matters().smallest(primary(name)) for name in METRICS])
CHUNK = 250


def coin(dice: np.random.Generator, trials: int, pairs: int) -> npt.NDArray[np.int64]:
    """Flip a coin for the order of each pair."""
    return 2 * np.arange(pairs) + dice.integers(0, 2, (trials, pairs))


def fixed(_: np.random.Generator, trials: int, pairs: int) -> npt.NDArray[np.int64]:
    """Let the baseline go first in every pair: ABAB."""
    return np.broadcast_to(2 * np.arange(pairs) + 1, (trials, pairs))


@dataclass(frozen=True)
class Data:
    """Runs of many trials in order of time, not yet dealt to builds: shape (trials, 2 pairs, 5)."""

    base: Floats
    new: Floats
    """The same runs, had the candidate made them."""

    def dealt(self, dice: np.random.Generator, deal: Deal) -> Floats:
        """Return the differences of each trial's pairs: shape (trials, pairs, 5)."""
        trials, runs, _ = self.base.shape
        second = deal(dice, trials, runs // 2)
        rows = np.arange(trials)[:, np.newaxis]
        return np.asarray(self.new[rows, second] - self.base[rows, second ^ 1], dtype=np.float64)

    def in_blocks(self) -> Floats:
        """Return the differences when all runs of the baseline come first: AAAABBBB."""
        half = self.base.shape[1] // 2
        return self.new[:, half:] - self.base[:, :half]


def simulate(dice: np.random.Generator, pool: Pool, host: Host, trials: int, pairs: int, change: float = 0.0) -> Data:
    """Return trials of a host; the candidate's response times are ``change`` slower (0.1 is 10 %).

    A slower host also fails more: the share that failed moves with twice the effect.
    """
    effects = host(dice, trials, 2 * pairs)[:, :, np.newaxis]
    runs = pool.values[dice.integers(0, len(pool.values), (trials, 2 * pairs))]
    runs = np.concatenate([runs[..., :LATENCIES] + effects, runs[..., LATENCIES:] * np.exp(2 * effects)], axis=2)
    shift = np.array([np.log1p(change)] * LATENCIES + [0.0])
    return Data(runs, runs + shift)


def from_pools(dice: np.random.Generator, pools: tuple[Pool, Pool], host: Host, trials: int, pairs: int) -> Data:
    """Return trials of two builds that differ call by call: baseline and candidate have pools of their own."""
    seed = int(dice.integers(1 << 32))
    base, new = (simulate(np.random.default_rng(seed), pool, host, trials, pairs) for pool in pools)
    return Data(base.base, new.base)


@dataclass(frozen=True)
class Judged:
    """Words and intervals of many trials: shape (trials, 5)."""

    words: Words
    low: Floats
    high: Floats

    @property
    def flagged(self) -> Bools:
        """Tell which trials call any primary better or worse."""
        return np.asarray(((self.words == WORSE) | (self.words == BETTER)).any(axis=1))

    @property
    def too_noisy(self) -> Bools:
        """Tell which trials are too noisy to tell as a whole, and so get a second look."""
        return np.asarray((self.words == TOO_NOISY).any(axis=1) & ~(self.words == WORSE).any(axis=1))

    def misses(self, truth: Floats | float = 0.0) -> Bools:
        """Tell which intervals do not hold the truth: shape (trials, 5)."""
        return (self.low > truth) | (self.high < truth)

    def share(self, word: str) -> Floats:
        """Return each metric's share of trials with a word."""
        return np.asarray((self.words == word).mean(axis=0), dtype=np.float64)


def judge(differences: Floats, alpha: float = 0.05) -> Judged:
    """Judge differences of shape (trials, pairs, 5) as the harness does."""
    m = len(METRICS)
    ends = [
        [subset_mean_bounds(part[:, :, metric], alpha / m) for metric in range(m)]
        for part in np.array_split(differences, max(1, len(differences) // CHUNK))
    ]
    low = np.concatenate([np.column_stack([one[0] for one in part]) for part in ends])
    high = np.concatenate([np.column_stack([one[1] for one in part]) for part in ends])
    told = np.column_stack([words(low[:, i], high[:, i], float(SMALLEST[i])) for i in range(m)])
    return Judged(told, low, high)


__all__ = ["BETTER", "SAME", "TOO_NOISY", "WORSE", "Data", "Judged", "coin", "fixed", "from_pools", "judge", "simulate"]
