"""Compare: what differs between runs, from their summaries and series alone.

One run per build shows deltas and pictures, and never a verdict: on identical builds the usual
tests on requests cry "different" 70 % of the time, because runs differ from one another for
reasons that no resampling within a run can see. So the word is `too noisy to tell (one run
each)`, or `not comparable: <field>` where the runs were not made alike.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.clock import utc_now
from harness.comparison.changed_answers import changed_verdicts
from harness.comparison.outcomes import changed_causes, next_command, own_verdicts
from harness.comparison.statistics.guard import flat, plain_first
from harness.comparison.statistics.matters import matters_of
from harness.comparison.statistics.measure import measure_run
from harness.comparison.statistics.noise_floor import read_noise_floor
from harness.errors import UsageError
from harness.formatting import duration, number, percent
from harness.results.run import find_runs, read_run
from harness.results.summary import Cell, Summary, read_summary

SCHEMA = 1
"""Version of ``comparison.json``."""

TOO_NOISY = "too noisy to tell (one run each)"
NOT_COMPARABLE_CODE = 3
TOO_NOISY_CODE = 4


@dataclass(frozen=True)
class PhaseMetric:
    """Something that is compared in each phase."""

    name: str
    unit: str
    of: Callable[[Cell], float | None]


METRICS = (
    PhaseMetric("failed", "ratio", lambda cell: cell.failure_ratio),
    PhaseMetric("p50 response", "s", lambda cell: cell.response_ok.p50_s),
    PhaseMetric("p90 response", "s", lambda cell: cell.response_ok.p90_s),
    PhaseMetric("p99 response", "s", lambda cell: cell.response_ok.p99_s),
    PhaseMetric("p99 service", "s", lambda cell: cell.service_ok.p99_s),
)


@dataclass(frozen=True)
class Row:
    """One metric of one phase in every run; the deltas are against the first."""

    phase: str
    metric: str
    unit: str
    values: tuple[float | None, ...]

    @property
    def deltas(self) -> tuple[float | None, ...]:
        """Return the difference of each further run: a share of the first's value, or points for a ratio."""
        return tuple(_delta(self.values[0], value, self.unit) for value in self.values[1:])

    def shown(self) -> list[str]:
        """Return values and deltas in words."""
        words = {"ratio": percent, "s": duration}.get(self.unit, number)
        return [words(value) for value in self.values] + [_delta_words(delta, self.unit) for delta in self.deltas]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, with the word that can honestly be said of them."""

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    summaries: tuple[Summary, ...]
    differing: tuple[str, ...]
    """Fields that must match and do not, each with its values."""
    rows: tuple[Row, ...]
    verdicts: tuple[str, ...] = ()
    """Bad credentials that another build answered otherwise than the first: that is no noise."""
    hints: tuple[str, ...] = ()
    """What looks different beyond this host's noise floor, or why no hint can be given."""
    outcomes: tuple[str, ...] = ()
    """Each run's own verdict, with its first reason."""
    causes: tuple[str, ...] = ()
    """Causes of failed calls that the first run has and another has not, or the other way round."""
    next: str = ""
    """What to run now, with its command."""

    @property
    def verdict(self) -> str:
        """Return the word."""
        return f"not comparable: {self.differing[0]}" if self.differing else TOO_NOISY

    @property
    def exit_code(self) -> int:
        """Return the command's exit code."""
        return NOT_COMPARABLE_CODE if self.differing else TOO_NOISY_CODE

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as JSON data."""
        runs = [
            {"name": name, "scenario": one.scenario, "build": one.build, "run": one.run, "verdict": one.verdict.word}
            for name, one in zip(self.names, self.summaries, strict=True)
        ]
        return {
            "schema": SCHEMA,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "differing": list(self.differing),
            "verdicts": list(self.verdicts),
            "outcomes": list(self.outcomes),
            "causes": list(self.causes),
            "next": self.next,
            "hints": list(self.hints),
            "runs": runs,
            "rows": [{**asdict(row), "deltas": row.deltas} for row in self.rows],
        }


def compare(names: Sequence[str], reports: Path) -> Comparison:
    """Return the comparison of two or more runs; the first is the baseline."""
    if len(names) < 2:
        raise UsageError("name two or more runs, the baseline first: folders, build labels, or latest")
    paths = find_runs(names, reports)
    places = [path.resolve() for path in paths]
    for place, path in enumerate(places):
        if path in places[:place]:
            first = names[places.index(path)]
            raise UsageError(f"{first} and {names[place]} are the same run, {path.name}; name another one")
    summaries = [read_summary(path) for path in paths]
    labels = _labels(summaries)
    unlike = tuple(_differing(labels, summaries))
    hints = () if unlike else tuple(_hints(reports / summaries[0].scenario, labels, paths, summaries))
    verdicts = tuple(changed_verdicts(labels, summaries))
    under_test = [str(read_run(path).data.get("under_test") or "") for path in paths]
    return Comparison(
        labels,
        tuple(paths),
        tuple(summaries),
        unlike,
        tuple(_rows(summaries)),
        verdicts,
        hints,
        tuple(own_verdicts(labels, summaries)),
        tuple(changed_causes(labels, summaries)),
        next_command(labels, summaries, under_test, alike=not unlike),
    )


def _hints(folder: Path, labels: Sequence[str], paths: Sequence[Path], summaries: Sequence[Summary]) -> Iterator[str]:
    """Yield what looks different from the first run, where this host's noise is known; never a verdict."""
    floor = read_noise_floor(folder)
    if floor is None:
        return
    if doubt := floor.doubt(summaries[0].comparable, utc_now()):
        yield f"no hint: {doubt}"
        return
    matters = matters_of(summaries[0].comparable)
    base, *others = (measure_run(path, matters).values for path in paths)
    for label, new in zip(labels[1:], others, strict=True):
        hints = {metric: floor.hint(metric, value, new.get(metric), len(base)) for metric, value in base.items()}
        yield from (f"{metric} of {label} {hint}" for metric, hint in hints.items() if hint)
        if not any(hints.values()):
            yield f"nothing of {label} is outside the noise of {len(floor.runs)} same-build runs"


def _labels(summaries: Sequence[Summary]) -> tuple[str, ...]:
    """Return what to call each run: its build, with the run's id where builds are alike."""
    builds = [summary.build for summary in summaries]
    return tuple(one.build if builds.count(one.build) == 1 else f"{one.build} {one.run}" for one in summaries)


def _differing(labels: Sequence[str], summaries: Sequence[Summary]) -> Iterator[str]:
    first = dict(flat(summaries[0].comparable))
    if not all(summary.comparable for summary in summaries):
        missing = [label for label, one in zip(labels, summaries, strict=True) if not one.comparable]
        yield f"conditions ({', '.join(missing)}: not written down, the run did not end by itself)"
    for label, other in zip(labels[1:], summaries[1:], strict=True):
        fields = dict(flat(other.comparable))
        for name in sorted({*first, *fields} if first and fields else (), key=plain_first):
            if first.get(name) != fields.get(name):
                yield f"{name} ({labels[0]}: {first.get(name)}, {label}: {fields.get(name)})"
    for label, one in zip(labels, summaries, strict=True):
        if one.verdict.word in ("invalid", "interrupted"):
            yield f"verdict ({label}: {one.verdict.word})"


def _rows(summaries: Sequence[Summary]) -> Iterator[Row]:
    """Yield the rows of every phase that all runs have."""
    first = summaries[0]
    shared = [phase.name for phase in first.phases if all(one.phase(phase.name) for one in summaries)]
    for phase in shared:
        if any(one.cell(phase).calls for one in summaries):
            for metric in METRICS:
                yield Row(phase, metric.name, metric.unit, tuple(metric.of(one.cell(phase)) for one in summaries))
            goodput = tuple(found.goodput_per_s if (found := one.phase(phase)) else None for one in summaries)
            yield Row(phase, "good calls per s", "per s", goodput)
    for step in first.steps:
        same = [next((other for other in one.steps if other.step == step.step), None) for one in summaries]
        recoveries = tuple(other.recovery_s if other else None for other in same)
        yield Row(step.step, "good again after", "s", recoveries)
        yield Row(step.step, "token fetches", "", tuple(other.fetches if other else None for other in same))


def _delta(base: float | None, value: float | None, unit: str) -> float | None:
    if base is None or value is None:
        return None
    if unit == "ratio":
        return value - base
    if base == 0:
        return 0.0 if value == 0 else None
    return value / base - 1


def _delta_words(delta: float | None, unit: str) -> str:
    if delta is None:
        return "no data"
    words = f"{delta * 100:+.2g} points" if unit == "ratio" else f"{delta * 100:+.0f} %"
    return "0" + words[2:] if words.startswith(("+0 ", "-0 ")) else words
