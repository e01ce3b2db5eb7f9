"""A history: what one scenario measured build by build, and where a metric moved for good."""

from dataclasses import dataclass

from harness.comparison.statistics.steps import LEAST_POINTS, MetricStep
from harness.formatting import duration, percent, plural

SCHEMA = 1
"""Version of ``trend.json``."""


@dataclass(frozen=True)
class BuildPoint:
    """One build: the median of its runs, by metric; None where no run could tell."""

    build: str
    first_utc: str
    runs: tuple[str, ...]
    values: dict[str, float | None]
    each: dict[str, tuple[float | None, ...]]
    """Every run's value, by metric."""


@dataclass(frozen=True)
class Trend:
    """A scenario's history, oldest build first."""

    scenario: str
    points: tuple[BuildPoint, ...]
    steps: dict[str, tuple[MetricStep, ...]]
    """By metric; ``at`` counts the points that have a value of it."""
    left_out: tuple[str, ...]
    """Runs that do not stand beside the newest, each with its reason."""


def told(found: Trend) -> list[str]:
    """Return the steps in words, and what was left out."""
    lines = []
    for metric, marks in found.steps.items():
        known = [point for point in found.points if point.values[metric] is not None]
        for step in marks:
            before, after = value_words(metric, step.before), value_words(metric, step.after)
            lines.append(f"{metric}: moved from {before} to {after} with {known[step.at].build}")
    if len(found.points) < LEAST_POINTS:
        lines.append(f"{plural(len(found.points), 'build')}: steps are marked from {LEAST_POINTS} on")
    elif not lines:
        lines.append("no step: no metric moved for good")
    return [*lines, *(f"left out: {text}" for text in found.left_out)]


def value_words(metric: str, value: float | None) -> str:
    """Return a metric's value with its unit."""
    return percent(value) if metric.startswith("failed ") else duration(value)
