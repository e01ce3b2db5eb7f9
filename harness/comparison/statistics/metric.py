"""Metrics: what of a run is compared, where, and on which scale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Scale = Literal["log", "points", "plain"]
"""How two runs differ: ln of the ratio; percentage points of two ratios; the plain difference."""

PRIMARY_NAMES = ("p50", "p99", "p99_typical", "failed")
"""What a primary may measure: response times of calls that succeeded, and the share that failed."""

PHASES = ("steady", "fault", "all")
"""Where a primary may be measured, beside the id of one step of the timeline."""

MOST_PRIMARIES = 6
"""More primaries could not be decided with eight pairs."""


@dataclass(frozen=True)
class Metric:
    """One number of a run.

    ``log`` values are seconds, ``points`` values ratios (0 to 1), ``plain`` ones what ``unit`` says.
    """

    name: str
    phase: str
    scale: Scale = "log"
    unit: str = "s"
    higher_is_better: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.phase}".strip()


def primary(text: str) -> Metric:
    """Return the primary that is written as its name and phase, such as ``p99 steady``.

    Raises `ValueError` for another name; `mistakes` finds it first.
    """
    name, _, phase = text.partition(" ")
    if name not in PRIMARY_NAMES or not phase:
        raise ValueError(f"{text!r} is no primary metric; write one of {', '.join(PRIMARY_NAMES)} and a phase")
    return Metric(name, phase, "points", "%") if name == "failed" else Metric(name, phase)


def default_primaries(*, faults: bool) -> tuple[str, ...]:
    """Return what a verdict rests on unless the scenario says otherwise: five metrics, four without a fault."""
    during = ("p99_typical fault",) if faults else ()
    return ("p50 steady", "p99 steady", "p99_typical steady", *during, "failed all")


def mistakes(primaries: Sequence[str], steps: Iterable[str]) -> list[str]:
    """Return what is wrong with a choice of primaries, one sentence each with its way out."""
    phases = (*PHASES, *steps)
    found = []
    for text in primaries:
        name, _, phase = text.partition(" ")
        if name not in PRIMARY_NAMES or phase not in phases:
            known = f"one of {', '.join(PRIMARY_NAMES)} and one of {', '.join(phases)}"
            found.append(f"matters: primary {text!r} is unknown; write {known}, such as 'p99 steady'")
    if len(set(primaries)) != len(primaries):
        found.append("matters: a primary stands twice; name each once")
    if len(primaries) > MOST_PRIMARIES:
        found.append(f"matters: {len(primaries)} primaries; name at most {MOST_PRIMARIES}, or eight pairs decide none")
    if primaries and not any(text.startswith("failed ") for text in primaries):
        found.append("matters: no primary counts failures, and failing fast would look faster; add 'failed all'")
    return found
