"""The noise floor: how much runs of one build differ on one host, and what that lets single runs hint at.

Two single runs can never give a verdict. Where the host's own noise was measured (ten runs of one
build, not older than two weeks), a difference far outside it is told as a hint. A hint raises more
false alarms than a verdict, most of all where the host moved since: ``make honesty`` prints how many.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from harness.comparison.statistics.looks import ALPHA
from harness.comparison.statistics.measure import Measured
from harness.comparison.statistics.metric import Metric
from harness.comparison.statistics.pairs import LEAST_S, difference
from harness.errors import RecordError, UsageError
from harness.files import write_json
from harness.records import plain, read_record

SCHEMA = 1
"""Version of ``noise-floor.json``."""

NAME = "noise-floor.json"
RUNS = 10
"""Runs of one build that a calibration makes."""

LEAST_RUNS = 5
"""With fewer, the spread itself is a guess."""

VALID = timedelta(days=14)


@dataclass(frozen=True)
class RunSpread:
    """How a metric varied over the runs: its mean and standard deviation on the metric's scale (ln of seconds)."""

    mean: float
    deviation: float
    runs: int


@dataclass(frozen=True)
class NoiseFloor:
    """What one build's runs differed by on one host."""

    scenario: str
    conditions: Mapping[str, Any]
    """``comparable`` of the runs: scenario, load, seed, host. Valid for runs that share all of it."""
    build: str
    made_utc: str
    runs: tuple[str, ...]
    spreads: Mapping[str, RunSpread]
    """By metric, such as ``p99 steady``."""

    def doubt(self, conditions: Mapping[str, Any], now: datetime) -> str | None:
        """Return why the floor says nothing of runs made under these conditions, or None."""
        if dict(self.conditions.get("host") or {}) != dict(conditions.get("host") or {}):
            return f"the noise floor is of another host ({self._host()}); calibrate this one"
        if dict(self.conditions) != dict(conditions):
            return "the noise floor is of other settings (scenario, load, seed or timeline); calibrate again"
        age = now - datetime.fromisoformat(self.made_utc)
        if age > VALID:
            return f"the noise floor is {age.days} days old, and holds for {VALID.days}; calibrate again"
        return None

    def _host(self) -> str:
        return ", ".join(str(value) for value in dict(self.conditions.get("host") or {}).values()) or "unknown"

    def hint(self, metric: Metric, base: float | None, new: float | None, metrics: int) -> str | None:
        """Return what the difference of two single runs looks like, or None where it is within the noise.

        The bound is t(K - 1) at ALPHA over the number of metrics, times the deviation of a difference.
        """
        spread, change = self.spreads.get(str(metric)), difference(metric, base, new)
        if spread is None or change is None or abs(change) <= reach(spread, metrics):
            return None
        looks = "better" if (change < 0) is not metric.higher_is_better else "worse"
        return f"looks {looks}: outside the noise of {spread.runs} same-build runs"


def reach(spread: RunSpread, metrics: int) -> float:
    """Return how far two runs of one build may differ, on the metric's scale: t(K - 1, alpha / m) s sqrt(2)."""
    from scipy.special import stdtrit  # late: `compare` pays for it only where a noise floor is

    t = float(stdtrit(spread.runs - 1.0, 1 - ALPHA / (2 * max(metrics, 1))))
    return t * spread.deviation * math.sqrt(2)


def noise_floor(runs: Sequence[Measured], scenario: str, conditions: Mapping[str, Any], now: datetime) -> NoiseFloor:
    """Return the floor of at least `LEAST_RUNS` runs of one build, which the guard found alike.

    Raises `UsageError` for fewer runs, or runs of several builds.
    """
    builds = sorted({run.build for run in runs})
    if len(runs) < LEAST_RUNS or len(builds) != 1:
        found = f"{len(runs)} runs of {', '.join(builds) or 'no build'}"
        raise UsageError(f"a noise floor needs {LEAST_RUNS} or more runs of one build, {RUNS} at best; found {found}")
    spreads = {str(metric): spread for metric in runs[0].values if (spread := _spread(runs, metric)) is not None}
    made = now.astimezone(UTC).isoformat(timespec="seconds")
    return NoiseFloor(scenario, dict(conditions), builds[0], made, tuple(run.run for run in runs), spreads)


def write_noise_floor(folder: Path, floor: NoiseFloor) -> Path:
    """Write ``noise-floor.json`` into the scenario's folder of reports, whole or not at all.

    Raises `RecordError` when the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {folder}: {error.strerror}; free some space") from error
    return write_json(folder / NAME, {"schema": SCHEMA, **plain(floor)})


def read_noise_floor(folder: Path) -> NoiseFloor | None:
    """Return the floor that a scenario's folder of reports holds; None where nobody calibrated.

    Raises `RecordError` where the file is damaged.
    """
    try:
        return read_record(folder / NAME, NoiseFloor, SCHEMA, "calibrate again")
    except FileNotFoundError:
        return None


def _spread(runs: Sequence[Measured], metric: Metric) -> RunSpread | None:
    values = [value for run in runs if (value := run.values.get(metric)) is not None]
    if len(values) < LEAST_RUNS:
        return None
    scaled = np.log(np.maximum(values, LEAST_S)) if metric.scale == "log" else np.array(values)
    return RunSpread(float(scaled.mean()), float(scaled.std(ddof=1)), len(values))
