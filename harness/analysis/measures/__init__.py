"""Measures: what a run's attempts and their auth trace tell of its tokens.

One file each, registered by being defined under the name of the field of `Measures` that it fills. Each counts in one
pass over the rows and one over the trace, in memory that does not grow with them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, ClassVar

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.results.auth_summary import Measures
from harness.results.run import Run

MEASURES: dict[str, type["Measure"]] = {}
"""Every measure by the field that it fills."""


@dataclass(frozen=True)
class Totals:
    """What is counted of the whole run anyway, from zero to the end of the load; poisoned calls are in none of it."""

    calls: int
    attempts: int
    fetches: int
    fetches_peak_per_s: int


class Measure:
    """One measure; the base of the registry. ``of`` names the field of `Measures`."""

    field: ClassVar[str]

    def __init_subclass__(cls, of: str) -> None:
        super().__init_subclass__()
        cls.field = of
        MEASURES[of] = cls

    def __init__(self, run: Run, course: Course) -> None:
        """Begin to measure a run whose course is known."""

    def count(self, attempts: Chunk) -> None:
        """Count attempts that nothing poisoned, warm-up included."""

    def count_poisoned(self, attempts: Chunk) -> None:
        """Count attempts that a step poisoned."""

    def count_fetches(self, fetches: Chunk) -> None:
        """Count requests for tokens, whose ``life_ms`` is what the issuer gave what came."""

    def hear(self, line: Mapping[str, Any]) -> None:
        """Take a line of the auth trace, warm-up included; lines come in the order in which attempts were sent."""

    def result(self, totals: Totals) -> Any:
        """Return what the field holds."""
        raise NotImplementedError


def begin(run: Run, course: Course) -> list[Measure]:
    """Return a run's measures, which have counted nothing yet."""
    return [kind(run, course) for kind in MEASURES.values()]


def count(measures: Iterable[Measure], rows: Chunk) -> None:
    """Let measures count the attempts among some rows."""
    attempts, fetches = rows.attempts(), rows.fetches()
    good = attempts.unpoisoned()
    poisoned = attempts.where(attempts.poisoned) if good is not attempts else None
    for measure in measures:
        measure.count(good)
        measure.count_fetches(fetches)
        if poisoned is not None:
            measure.count_poisoned(poisoned)


def results(measures: Sequence[Measure], trace: Iterable[Mapping[str, Any]], totals: Totals) -> Measures:
    """Return what measures came to that have counted all rows, once they have heard the trace, too."""
    for line in trace:
        for measure in measures:
            measure.hear(line)
    return Measures(**{measure.field: measure.result(totals) for measure in measures})


for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")
