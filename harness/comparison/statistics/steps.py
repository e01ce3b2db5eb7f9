"""Steps in the history of many builds: where a metric moved for good. They annotate, and never gate.

Candidates come from PELT (library ruptures) on values scaled by their own noise; a candidate stays
while the stretches on its two sides differ by Student's t at p < 0.001, corrected for the number of
places. A lone spike is no step: a stretch has at least three builds. Source: R. Killick and others,
"Optimal detection of changepoints with a linear computational cost", JASA 107 (2012).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

LEAST_POINTS = 10
"""Shorter histories show noise as steps."""

LEAST_STRETCH = 3
CHANCE = 0.001
PENALTY = 3.0
"""Times ln n: what a further step must gain in squared deviations of noise before it is a candidate."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True)
class MetricStep:
    """A metric's level moved between two builds."""

    at: int
    """Index of the first value after it."""
    before: float
    after: float
    """Means of the stretches on both sides, in the values' own unit."""


def steps(values: Sequence[float], *, logarithmic: bool = True) -> tuple[MetricStep, ...]:
    """Return the steps in a series of run-level values, oldest first; none in fewer than `LEAST_POINTS`.

    ``logarithmic`` for times, whose noise is a share of them; not for ratios, which may be 0.
    """
    given = np.asarray(values, dtype=np.float64)
    if given.size < LEAST_POINTS:
        return ()
    scaled = np.log(np.maximum(given, 1e-6)) if logarithmic else given
    edges = _kept(scaled, _candidates(scaled))
    bounds = [0, *edges, given.size]
    return tuple(
        MetricStep(at, float(given[start:at].mean()), float(given[at:end].mean()))
        for start, at, end in zip(bounds, bounds[1:], bounds[2:], strict=False)
    )


def _candidates(values: Values) -> list[int]:
    """Return where PELT cuts the series, with its noise as the unit."""
    import ruptures

    noise = _noise(values)
    if noise == 0:
        return [place for place in range(1, values.size) if values[place] != values[place - 1]]
    cut = ruptures.Pelt(model="l2", min_size=LEAST_STRETCH, jump=1).fit(values / noise)
    found = cut.predict(pen=PENALTY * math.log(values.size))
    return [int(place) for place in found[:-1]]


def _noise(values: Values) -> float:
    """Return the deviation of the values from one to the next, which no step inflates (median absolute difference)."""
    return float(np.median(np.abs(np.diff(values)))) / (0.6744897501960817 * math.sqrt(2))


def _kept(values: Values, edges: list[int]) -> list[int]:
    """Drop the weakest cut until all that stay are beyond chance."""
    while edges:
        chances = _chances(values, edges)
        weakest = int(np.argmax(chances))
        if chances[weakest] < CHANCE:
            break
        edges = edges[:weakest] + edges[weakest + 1 :]
    return edges


def _chances(values: Values, edges: list[int]) -> Values:
    """Return for each cut the p that its two stretches have one level, by the deviation within all stretches.

    Three values alone may lie close together by luck, and would make a step of it. Each p is times
    the number of places that a cut could have taken: the best of thirty places looks good by luck.
    """
    stretches = np.split(values, edges)
    sizes = np.array([one.size for one in stretches], dtype=np.float64)
    within = sum(float(((one - one.mean()) ** 2).sum()) for one in stretches)
    freedom = values.size - len(stretches)
    moved = np.abs(np.diff([one.mean() for one in stretches]))
    error = math.sqrt(within / freedom) * np.sqrt(1 / sizes[1:] + 1 / sizes[:-1])
    t = np.divide(moved, error, out=np.full(moved.size, np.inf), where=error > 1e-12 * np.abs(values).max())
    chances: Values = 2 * special.stdtr(freedom, -np.where(moved > 0, t, 0.0))
    short = np.minimum(sizes[1:], sizes[:-1]) < LEAST_STRETCH
    return np.where(short, 1.0, np.minimum(chances * values.size, 1.0))
