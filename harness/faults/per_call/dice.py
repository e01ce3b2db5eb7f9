"""The dice: which per-call fault touches which attempt.

Keyed by seed, step, arrival and attempt, so that a run replays whichever user takes the arrival.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from harness.faults.per_call import CallFault
from harness.faults.timeline import Step
from harness.results.grpc_status import numbers
from harness.results.poison import step_bits


@dataclass(frozen=True)
class CallStep(Step):
    """A step as the dice see it: its fault is one per call."""

    fault: CallFault


def is_per_call(step: Step) -> TypeGuard[CallStep]:
    """Tell whether a step's fault is one per call."""
    return isinstance(step.fault, CallFault)


def keyed(steps: Iterable[Step]) -> bool:
    """Tell whether workers need the issuer's signing key for any of these steps."""
    return any(step.fault.keyed() for step in steps if is_per_call(step))


class CallFaults:
    """The per-call faults of a timeline, as a worker asks for them.

    `active` costs one comparison while nothing changes.
    """

    def __init__(self, steps: Sequence[Step], seed: int) -> None:
        self._steps = [step for step in steps if is_per_call(step)]
        self._bits = step_bits(step.id for step in self._steps)
        for step in self._steps:
            step.fault.prepare()
        self._expects = {step.id: numbers(step.fault.expects()) for step in self._steps}
        self._seed = seed
        moments = {step.at_s for step in self._steps} | {
            step.until_s for step in self._steps if step.until_s is not None
        }
        self._moments = sorted(moments)
        self._from_s = float("-inf")
        self._to_s = self._moments[0] if self._moments else float("inf")
        self._active: tuple[CallStep, ...] = ()

    def active(self, at_s: float) -> tuple[CallStep, ...]:
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

    def touching(self, at_s: float, call_id: int, nth: int, attempt: int) -> tuple[CallStep, ...]:
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
