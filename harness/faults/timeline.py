"""Timeline: which fault begins and ends when, and which per-call fault touches which attempt.

Pure: the conductor carries edges out (`harness.conductor.injection`), workers ask `CallFaults`. Dice are
keyed by seed, step, arrival and attempt, so a run replays whichever user takes the arrival.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from harness.faults import Fault
from harness.results.grpc_status import numbers
from harness.results.poison import step_bits
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


@dataclass(frozen=True)
class Step:
    """One step of a timeline; ``until_s`` is None for a fault without width."""

    id: str
    index: int
    fault: Fault
    at_s: float
    until_s: float | None
    toxicity: float

    def to_json(self) -> dict[str, Any]:
        """Return the step as ``run.json`` holds it."""
        said = {
            "id": self.id,
            "fault": self.fault.name(),
            "at_s": self.at_s,
            "until_s": self.until_s,
            "toxicity": self.toxicity,
            "seat": self.fault.seat,
            "text": self.fault.text(),
            "settings": self.fault.settings(),
        }
        if expects := self.fault.expects():
            said["expects"] = list(expects)
        if meters := self.fault.meters():
            said["meters"] = [asdict(meter) for meter in meters]
        return said


@dataclass(frozen=True)
class Edge:
    """A moment at which a step begins or ends; seconds from zero."""

    at_s: float
    what: Literal["start", "pulse", "end"]
    step: Step


def at(at_s: float, fault: Fault, until_s: float | None = None, toxicity: float = 1.0) -> Planned:
    """Plan a fault at ``at_s`` seconds from the end of warm-up, until ``until_s``.

    ``toxicity`` is the chance that the active fault touches one call (one connection, for a fault
    of the network).
    """
    return Planned(at_s, fault, until_s, toxicity)


def number(planned: Iterable[Planned]) -> tuple[Step, ...]:
    """Return the steps sorted by start, each with its id: ``15-expire_all``."""
    steps: list[Step] = []
    taken: dict[str, int] = {}
    for index, plan in enumerate(sorted(planned, key=lambda plan: plan.at_s)):
        name = f"{plan.at_s:g}-{plan.fault.name()}"
        taken[name] = taken.get(name, 0) + 1
        unique = name if taken[name] == 1 else f"{name}-{taken[name]}"
        steps.append(Step(unique, index, plan.fault, plan.at_s, plan.until_s, plan.toxicity))
    return tuple(steps)


def edges(steps: Iterable[Step]) -> list[Edge]:
    """Return all edges in order; at one moment, ends come before starts."""
    found = [Edge(step.at_s, "start", step) for step in steps]
    found += [Edge(step.until_s, "end", step) for step in steps if step.until_s is not None]
    found += [edge for step in steps for edge in _pulses(step)]
    return sorted(found, key=lambda edge: (edge.at_s, edge.what == "start", edge.step.index))


def _pulses(step: Step) -> Iterable[Edge]:
    every_s = step.fault.pulses_s()
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
        thing = step.fault.holds()
        if thing is None:
            continue
        other = held.get(thing)
        if other is not None and other.until_s is not None and step.at_s < other.until_s:
            yield f"{step.id} and {other.id} both hold the {thing}; begin the second at {other.until_s:g} s or later"
        held[thing] = step


class CallFaults:
    """The per-call faults of a timeline, as a worker asks for them.

    `active` costs one comparison while nothing changes.
    """

    def __init__(self, steps: Sequence[Step], seed: int) -> None:
        self._steps = [step for step in steps if step.fault.seat == "call"]
        self._bits = step_bits(step.id for step in self._steps)
        self._expects = {step.id: numbers(step.fault.expects()) for step in self._steps}
        self._seed = seed
        moments = {step.at_s for step in self._steps} | {
            step.until_s for step in self._steps if step.until_s is not None
        }
        self._moments = sorted(moments)
        self._from_s = float("-inf")
        self._to_s = self._moments[0] if self._moments else float("inf")
        self._active: tuple[Step, ...] = ()

    def active(self, at_s: float) -> tuple[Step, ...]:
        """Return the steps in force at a time, in seconds from zero; an instant one stays in force."""
        if not self._from_s <= at_s < self._to_s:
            self._active = tuple(
                step for step in self._steps if step.at_s <= at_s and (step.until_s is None or at_s < step.until_s)
            )
            self._from_s = max((moment for moment in self._moments if moment <= at_s), default=float("-inf"))
            self._to_s = min((moment for moment in self._moments if moment > at_s), default=float("inf"))
        return self._active

    def bit(self, step: Step) -> int:
        """Return the bit that stands for a step in a row's ``steps``: 1 for the first per-call step."""
        return self._bits[step.id]

    def expects(self, step: Step) -> frozenset[int]:
        """Return the statuses that are right answers to the calls that a step poisons; empty: it poisons none."""
        return self._expects[step.id]

    def touching(self, at_s: float, call_id: int, nth: int, attempt: int) -> tuple[Step, ...]:
        """Return the steps that touch an attempt.

        At most one of them poisons it, so that its answer has one meaning; and none a call that was sent before,
        so that a call is poisoned or not as a whole.
        """
        active = self.active(at_s)
        if not active:
            return ()
        touched = [step for step in active if self.touches(step, call_id, nth, attempt)]
        poisons = [step for step in touched if self._expects[step.id]]
        left_out = poisons if attempt else poisons[1:]
        return tuple(step for step in touched if step not in left_out)

    def draw(self, call_id: int, nth: int, attempt: int) -> float:
        """Return a number in [0, 1) of an attempt's own, apart from what decides whether steps touch it."""
        return dice(self._seed, _CHOICE, call_id, nth, attempt)

    def touches(self, step: Step, call_id: int, nth: int, attempt: int) -> bool:
        """Tell whether a step touches an attempt: the same for the same seed, always."""
        if step.toxicity >= 1:
            return True
        return dice(self._seed, step.index, call_id, nth, attempt) < step.toxicity


_CHOICE = 1 << 32
"""Stands in the dice's key where a step's index does, so that choices and touches are independent."""


def dice(*key: int) -> float:
    """Return a number in [0, 1) that depends on the key alone.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood 2014), folded over the key.
    """
    state = 0
    for part in key:
        state = (state + part + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        state ^= state >> 31
    return (state >> 11) / 2**53
