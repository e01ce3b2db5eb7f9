"""Simulated runs, call by call: what the run-level metrics of one unchanging build look like.

200 calls a second, evenly spaced. A level that drifts from second to second (AR(1), phi 0.9),
stalls of the server that hold every call back until they end, 2 % of calls with a Pareto tail, a
fault window of 20 s with three times the latency, and token storms in which half the calls fail.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PER_S = 200
WINDOW_S = 5
METRICS = ("p50 steady", "p99 steady", "p99_typical steady", "p99_typical fault", "failed all")
LATENCIES = 4
"""The first four metrics are times, and stand here as ln of seconds; the last is a share of 1."""

CELL = 0.005
"""Width of a cell of the raw histogram, in ln of seconds."""
LOWEST, CELLS = np.log(2e-4), 2400


@dataclass(frozen=True)
class Storm:
    """What the runs are like; ``level`` is the deviation of the AR(1), ``tail`` what a build may change."""

    seconds: int = 120
    level: float = 0.04
    stalls_per_min: float = 0.5
    stall_s: float = 0.13
    storms: int = 3
    storm_s: float = 1.0
    tail: float = 1.0
    """Factor of the slowest 2 % of calls."""


@dataclass(frozen=True)
class Pool:
    """Runs without any noise between them: metrics of shape (runs, 5), raw histograms of shape (some, cells)."""

    values: Floats
    raw: Floats


def pool(storm: Storm, runs: int, seed: int, raw: int = 0) -> Pool:
    """Return so many simulated runs, the first ``raw`` of them with their histograms."""
    dice = np.random.default_rng(seed)
    values, histograms = [], []
    for start in range(0, runs, 50):
        logs = _log_times(storm, min(50, runs - start), dice)
        values.append(np.column_stack([_times(logs, storm), _failed(storm, logs.shape[0], dice)]))
        histograms += [_histogram(row) for row in logs[: max(0, raw - start)]]
    return Pool(np.concatenate(values), np.array(histograms, dtype=np.float64).reshape(-1, CELLS))


def _log_times(storm: Storm, runs: int, dice: np.random.Generator) -> Floats:
    """Return ln of each call's response time in seconds: shape (runs, calls), in order of start."""
    shape = (runs, storm.seconds * PER_S)
    logs = np.log(0.005) + 0.35 * dice.standard_normal(shape) + np.repeat(_levels(storm, runs, dice), PER_S, axis=1)
    slow = dice.random(shape) < 0.02
    logs[slow] += np.log1p(dice.pareto(2.5, int(slow.sum())) * 2)
    at_s = np.arange(shape[1]) / PER_S
    logs[:, _in_fault(at_s, storm)] += np.log(3)
    for run, count in enumerate(dice.poisson(storm.stalls_per_min * storm.seconds / 60, runs)):
        for from_s, length_s in zip(
            dice.uniform(0, storm.seconds, count), dice.uniform(0, 2 * storm.stall_s, count), strict=True
        ):
            caught = slice(int(from_s * PER_S) + 1, int((from_s + length_s) * PER_S) + 1)
            logs[run, caught] = np.logaddexp(logs[run, caught], np.log(from_s + length_s - at_s[caught] + 1e-9))
    if storm.tail != 1.0:
        logs[logs > np.quantile(logs[:, ~_in_fault(at_s, storm)], 0.98, axis=1, keepdims=True)] += np.log(storm.tail)
    return np.asarray(logs, dtype=np.float64)


def _levels(storm: Storm, runs: int, dice: np.random.Generator) -> Floats:
    steps = dice.standard_normal((runs, storm.seconds)) * storm.level * np.sqrt(1 - 0.9**2)
    levels = np.empty_like(steps)
    levels[:, 0] = dice.standard_normal(runs) * storm.level
    for second in range(1, storm.seconds):
        levels[:, second] = 0.9 * levels[:, second - 1] + steps[:, second]
    return np.asarray(levels, dtype=np.float64)


def _in_fault(at_s: Floats, storm: Storm) -> npt.NDArray[np.bool_]:
    from_s = storm.seconds // 3 // WINDOW_S * WINDOW_S
    return (at_s >= from_s) & (at_s < from_s + 20)


def _times(logs: Floats, storm: Storm) -> Floats:
    """Return the four latency metrics of each run: shape (runs, 4)."""
    fault = _in_fault(np.arange(logs.shape[1]) / PER_S, storm)
    windows = logs.reshape(logs.shape[0], -1, PER_S * WINDOW_S)
    p99 = np.quantile(windows, 0.99, axis=2, method="inverted_cdf")
    hit = fault[:: PER_S * WINDOW_S]
    steady = np.quantile(logs[:, ~fault], [0.5, 0.99], axis=1, method="inverted_cdf")
    return np.column_stack([*steady, np.median(p99[:, ~hit], axis=1), np.median(p99[:, hit], axis=1)])


def _failed(storm: Storm, runs: int, dice: np.random.Generator) -> Floats:
    """Return the share of failed calls: storms of about a second, half of whose calls fail, and 1 in 1,000 beside."""
    calls = storm.seconds * PER_S
    lengths_s = storm.storm_s * np.exp(0.4 * dice.standard_normal((runs, storm.storms)) - 0.08)
    stormy = dice.binomial(np.round(lengths_s * PER_S).astype(np.int64), 0.5).sum(axis=1)
    return np.asarray((stormy + dice.binomial(calls, 0.001, runs)) / calls, dtype=np.float64)


def _histogram(logs: Floats) -> npt.NDArray[np.int64]:
    cells = np.clip(((logs - LOWEST) / CELL).astype(np.int64), 0, CELLS - 1)
    return np.bincount(cells, minlength=CELLS)
