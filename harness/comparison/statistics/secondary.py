"""Secondary metrics: differences that are worth a look, and never decide.

Each has the same interval at 95 %. Over all of them the Benjamini-Hochberg rule at 10 % picks the
ones worth a look, by the p of the sign-flip test: of those picked, a tenth are luck.
Source: Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from harness.comparison.statistics.interval import Interval, sign_flip_p, subset_mean_interval
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import Pair, difference

LEVEL_ALPHA = 0.05
LUCK = 0.10
"""Share of the picked ones that may be luck."""


@dataclass(frozen=True)
class Aside:
    """What the pairs say of one secondary metric."""

    metric: Metric
    differences: tuple[float | None, ...]
    interval: Interval | None
    worth_a_look: bool


def asides(pairs: Sequence[Pair]) -> tuple[Aside, ...]:
    """Return every secondary metric of the pairs; those that some run could not tell have no interval."""
    metrics = list(dict.fromkeys(metric for pair in pairs for metric in pair.base.secondary))
    each = {metric: tuple(_difference(pair, metric) for pair in pairs) for metric in metrics}
    whole = [metric for metric in metrics if all(one is not None for one in each[metric])]
    chances = np.array([sign_flip_p(np.array(each[metric], np.float64)) for metric in whole])
    picked = {metric for metric, pick in zip(whole, discoveries(chances, LUCK).tolist(), strict=True) if pick}
    return tuple(
        Aside(
            metric,
            each[metric],
            subset_mean_interval(np.array(each[metric], np.float64), LEVEL_ALPHA) if metric in whole else None,
            metric in picked,
        )
        for metric in metrics
    )


def discoveries(chances: npt.NDArray[np.float64], luck: float) -> npt.NDArray[np.bool_]:
    """Return which of some p (shape (n,)) the rule of Benjamini and Hochberg picks."""
    order = np.argsort(chances)
    passing = np.flatnonzero(chances[order] <= luck * np.arange(1, chances.size + 1) / max(chances.size, 1))
    picked = np.zeros(chances.size, bool)
    if passing.size:
        picked[order[: passing[-1] + 1]] = True
    return picked


def _difference(pair: Pair, metric: Metric) -> float | None:
    return difference(metric, pair.base.secondary.get(metric), pair.new.secondary.get(metric))
