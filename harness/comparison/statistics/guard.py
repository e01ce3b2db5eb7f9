"""The guard: which runs may be compared at all, and which pairs must be set aside, each by name.

Whatever is wrong with the measurement keeps a run out. What is wrong with the target does not: a
build that was unsteady before the storm is what a comparison is there to find.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.results.problem import ProblemKind
from harness.results.summary import Summary

FAIR = (ProblemKind.UNSTEADY, ProblemKind.OFFERED)
"""Problems that make a run invalid for its checks, and still leave it a fair measurement of its build.

What was offered beside the plan is told apart (`load_not_sustained`).
"""

LEAST_USABLE = 0.8
"""Share of the planned pairs below which the rest decides nothing: a build may be what broke the others."""


@dataclass(frozen=True)
class Candidate:
    """One run that wants to be compared."""

    label: str
    summary: Summary
    harness: str
    """Version of the harness that made it."""


@dataclass(frozen=True)
class Unlike:
    """A field that must match and does not."""

    field: str
    text: str
    """Both values, each with its run."""

    def __str__(self) -> str:
        return f"{self.field} ({self.text})"


def differing(runs: Sequence[Candidate]) -> tuple[Unlike, ...]:
    """Return the fields in which runs differ from the first: scenario, seed, load, timeline, host, harness, schema."""
    return tuple(_differing(runs))


def _differing(runs: Sequence[Candidate]) -> Iterator[Unlike]:
    silent = [run.label for run in runs if not run.summary.comparable]
    if silent:
        yield Unlike("conditions", f"{', '.join(silent)}: not written down, the run did not end by itself")
        return
    first, known = runs[0], _fields(runs[0])
    for other in runs[1:]:
        fields = _fields(other)
        for name in sorted({*known, *fields}, key=plain_first):
            if known.get(name) != fields.get(name):
                text = f"{first.label}: {known.get(name)}, {other.label}: {fields.get(name)}"
                yield Unlike(name, text)


def load_not_sustained(runs: Sequence[Candidate]) -> tuple[str, ...]:
    """Return a sentence for each run that offered more than 1 % beside its plan."""
    return tuple(
        f"{run.label}: {problem.text}"
        for run in runs
        for problem in run.summary.problems
        if problem.kind is ProblemKind.OFFERED
    )


def unusable(run: Candidate) -> str | None:
    """Return why a run measured nothing that can be compared, or None: rows lost, generator saturated, cut short."""
    if run.summary.verdict.word == "interrupted":
        return f"{run.label}: interrupted before its planned end"
    for problem in run.summary.problems:
        if problem.invalid and problem.kind not in FAIR:
            return f"{run.label}: {problem.text}"
    if run.summary.cell("all").calls == 0:
        return f"{run.label}: not one call was made"
    return None


def enough(usable: int, planned: int) -> bool:
    """Tell whether the pairs that are left may decide."""
    return usable >= LEAST_USABLE * planned - 1e-9


def _fields(run: Candidate) -> dict[str, Any]:
    return {**dict(flat(run.summary.comparable)), "harness version": run.harness, "schema": run.summary.schema}


def plain_first(name: str) -> tuple[int, str]:
    """Order fields as a person would name them: the scenario first, its hash last."""
    return {"scenario": 0, "transport.name": 0, "fingerprint": 2}.get(name, 1), name


def flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the fields of nested mappings under dotted names: ``load.rate_per_s``."""
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
