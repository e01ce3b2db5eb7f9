"""Hosts: what two runs of the same build differ by, run after run. One function each; all are registered here.

Each returns effects of shape (trials, runs) in ln of response time, in order of time: the runs of one trial
stand side by side, ``2 n`` of them, however builds are dealt to them later.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Host = Callable[[np.random.Generator, int, int], Floats]

RUN_S = 150
"""From the start of one run to the next: 120 s, warm-up and restart."""


def calm(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Let runs differ by 1.5 %, and the host wander by 0.5 % a run."""
    return _own(dice, trials, runs, 0.015) + _walk(dice, trials, runs, 0.005)


def noisy(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Let runs differ by 4 %, and the host wander by 2 % a run."""
    return _own(dice, trials, runs, 0.04) + _walk(dice, trials, runs, 0.02)


def drift(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Make every run 3 % slower than the last, beside 1.5 % of its own."""
    return _own(dice, trials, runs, 0.015) + 0.03 * np.arange(runs)


def alternating(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Make every second run 8 % slower: a host in step with the order ABAB."""
    return _own(dice, trials, runs, 0.015) + 0.08 * (np.arange(runs) % 2)


def bimodal(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Put three runs of ten into a mode that is 12 % slower."""
    return _own(dice, trials, runs, 0.015) + 0.12 * (dice.random((trials, runs)) < 0.3)


def heavy(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Let runs differ by Student's t with two degrees of freedom, times 2 %: now and then one is far off."""
    return 0.02 * dice.standard_t(2, (trials, runs))


def day(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Let the host follow the hours: a wave of 24 h and 15 %, met at any hour."""
    phase = dice.uniform(0, 2 * np.pi, (trials, 1))
    return _own(dice, trials, runs, 0.015) + 0.15 * np.sin(phase + 2 * np.pi * RUN_S / 86_400 * np.arange(runs))


def uneven(dice: np.random.Generator, trials: int, runs: int) -> Floats:
    """Offer up to 1 % beside the plan, which moves latency five times as much; make second runs 1 % slower."""
    offered = dice.uniform(-0.01, 0.01, (trials, runs))
    return _own(dice, trials, runs, 0.015) + 5 * offered + 0.01 * (np.arange(runs) % 2)


HOSTS: dict[str, Host] = {
    host.__name__: host for host in (calm, noisy, drift, alternating, bimodal, heavy, day, uneven)
}


def _own(dice: np.random.Generator, trials: int, runs: int, deviation: float) -> Floats:
    return deviation * dice.standard_normal((trials, runs))


def _walk(dice: np.random.Generator, trials: int, runs: int, deviation: float) -> Floats:
    return np.cumsum(deviation * dice.standard_normal((trials, runs)), axis=1)
