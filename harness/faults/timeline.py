"""Timeline: which fault begins and ends when.

Pure: the conductor carries edges out (`harness.conductor.injection`), workers ask `harness.faults.per_call.dice`.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from harness.faults.fault import Fault
from harness.faults.of_lab import LabFault
from harness.validation import is_number, list_of

MAX_CALL_STEPS = 32
"""Steps with per-call faults in one scenario: a row has one bit for each."""


@dataclass(frozen=True)
class Planned:
    """A fault with its start, end and toxicity, before it has an id; seconds from zero."""

    at_s: float
    fault: Fault
    until_s: float | None
    toxicity: float
    allow_open: bool = False


@dataclass(frozen=True)
class Step:
    """One step of a timeline; ``until_s`` is None for a fault without width."""

    id: str
    index: int
    fault: Fault
    at_s: float
    until_s: float | None
    toxicity: float
    allow_open: bool = False
    """Whether the load may end before calls are good again after it."""

    @property
    def lab_fault(self) -> LabFault:
        """Return the fault of a step that the lab carries out; raises `TypeError` for one per call."""
        if not isinstance(self.fault, LabFault):
            raise TypeError(f"{self.id}: a fault per call is nothing that the lab carries out")
        return self.fault

    def to_json(self) -> dict[str, Any]:
        """Return the step as ``run.json`` holds it."""
        return {
            "id": self.id,
            "fault": self.fault.name(),
            "at_s": self.at_s,
            "until_s": self.until_s,
            "toxicity": self.toxicity,
            "seat": self.fault.seat,
            "text": self.fault.text(),
            "settings": self.fault.settings(),
            **self.fault.facts(),
            **({"allow_open": True} if self.allow_open else {}),
        }


@dataclass(frozen=True)
class Edge:
    """A moment at which a step begins or ends; seconds from zero."""

    at_s: float
    what: Literal["start", "pulse", "end"]
    step: Step


def at(
    at_s: float, fault: Fault, until_s: float | None = None, toxicity: float = 1.0, *, allow_open: bool = False
) -> Planned:
    """Plan a fault at ``at_s`` seconds from the end of warm-up, until ``until_s``.

    ``toxicity`` is the chance that the active fault touches one call (one connection, for a fault
    of the network). A run whose calls are not good again after it when the load ends has failed, but
    for ``allow_open``.
    """
    return Planned(at_s, fault, until_s, toxicity, allow_open)


def number(planned: Iterable[Planned]) -> tuple[Step, ...]:
    """Return the steps sorted by start, each with its id: ``15-expire_all``."""
    steps: list[Step] = []
    taken: dict[str, int] = {}
    for index, plan in enumerate(sorted(planned, key=lambda plan: plan.at_s)):
        name = f"{plan.at_s:g}-{plan.fault.name()}"
        taken[name] = taken.get(name, 0) + 1
        unique = name if taken[name] == 1 else f"{name}-{taken[name]}"
        steps.append(Step(unique, index, plan.fault, plan.at_s, plan.until_s, plan.toxicity, plan.allow_open))
    return tuple(steps)


def edges(steps: Iterable[Step]) -> list[Edge]:
    """Return all edges in order; at one moment, ends come before starts."""
    found = [Edge(step.at_s, "start", step) for step in steps]
    found += [Edge(step.until_s, "end", step) for step in steps if step.until_s is not None]
    found += [edge for step in steps for edge in _pulses(step)]
    return sorted(found, key=lambda edge: (edge.at_s, edge.what == "start", edge.step.index))


def _pulses(step: Step) -> Iterable[Edge]:
    every_s = step.fault.pulses_s() if isinstance(step.fault, LabFault) else None
    if not every_s or step.until_s is None:
        return
    for nth in range(1, math.ceil((step.until_s - step.at_s) / every_s)):
        yield Edge(step.at_s + nth * every_s, "pulse", step)


def misfits(planned: object) -> list[str]:
    """Return what in a timeline is no step at all, so that it cannot even be numbered."""
    if wrong := list_of("timeline", Planned, "at(15, ExpireAll())", planned):
        return wrong
    assert isinstance(planned, Sequence)  # noqa: S101 - `list_of` saw to it
    return [sentence for place, plan in enumerate(planned, start=1) for sentence in _misfits(place, plan)]


def _misfits(place: int, plan: Planned) -> Iterable[str]:
    name = f"timeline: entry {place}"
    if not isinstance(plan.fault, Fault):
        yield f"{name}: {plan.fault!r} is no fault; write one with its parentheses, as in at(15, ExpireAll())"
    if not is_number(plan.at_s):
        yield f"{name}: at {plan.at_s!r} is no time; give seconds from zero"
    if plan.until_s is not None and not is_number(plan.until_s):
        yield f"{name}: until_s={plan.until_s!r} is no time; give seconds from zero"
    if not is_number(plan.toxicity):
        yield f"{name}: toxicity={plan.toxicity!r} is no chance; give 0 to 1"
    if not isinstance(plan.allow_open, bool):
        yield f"{name}: allow_open={plan.allow_open!r} must be True or False"


def mistakes(steps: Sequence[Step], duration_s: float) -> list[str]:
    """Return what is wrong with a timeline, one sentence each with its way out."""
    found = [sentence for step in steps for sentence in _step_mistakes(step, duration_s)]
    found += [sentence for step in steps for sentence in step.fault.mistakes()]
    found += _clashes(steps)
    if sum(step.fault.seat == "call" for step in steps) > MAX_CALL_STEPS:
        found.append(f"timeline has more than {MAX_CALL_STEPS} steps with per-call faults; split the scenario")
    return found


def _step_mistakes(step: Step, duration_s: float) -> Iterable[str]:
    name, at_s, until_s = step.fault.name(), step.at_s, step.until_s
    if not 0 <= at_s < duration_s:
        yield f"{name} at {at_s:g} s: the load lasts from 0 to {duration_s:g} s; begin within it"
    if step.fault.instant and until_s is not None:
        yield f"{name} at {at_s:g} s: it happens at once and has no end; drop until_s"
    if not step.fault.instant and until_s is None:
        yield f"{name} at {at_s:g} s: say when it ends; give until_s between {at_s:g} and {duration_s:g}"
    if until_s is not None and not until_s > at_s:
        yield f"{name} at {at_s:g} s: until_s={until_s:g} is not after the start; give until_s > {at_s:g}"
    if until_s is not None and until_s > duration_s:
        yield f"{name} at {at_s:g} s: until_s={until_s:g} is after the end; give until_s <= {duration_s:g}"
    if not 0 <= step.toxicity <= 1:
        yield f"{name} at {at_s:g} s: toxicity={step.toxicity:g} is no chance; give 0 to 1"
    elif step.toxicity < 1 and not step.fault.partial:
        yield f"{name} at {at_s:g} s: it touches everything or nothing; drop toxicity={step.toxicity:g}"


def _clashes(steps: Sequence[Step]) -> Iterable[str]:
    held: dict[str, Step] = {}
    for step in steps:
        thing = step.fault.holds() if isinstance(step.fault, LabFault) else None
        if thing is None:
            continue
        other = held.get(thing)
        if other is not None and other.until_s is not None and step.at_s < other.until_s:
            yield f"{step.id} and {other.id} both hold the {thing}; begin the second at {other.until_s:g} s or later"
        held[thing] = step
