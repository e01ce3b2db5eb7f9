"""Poison: how a row tells that its call was poisoned, and which answers to it are right. Pure.

A row has a bit for each step of its run whose fault acts per call. The bit of a step that poisons is set where it
poisoned the call, and only there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from harness.results.grpc_status import numbers


def step_bits(ids: Iterable[str]) -> dict[str, int]:
    """Return the bit in a row's ``steps`` of each step that acts per call, by id; they are given in their order."""
    return {step: 1 << place for place, step in enumerate(ids)}


@dataclass(frozen=True)
class Poison:
    """The steps of a run that poison calls."""

    bits: Mapping[str, int]
    """By id."""
    right: Mapping[str, frozenset[int]]
    """Statuses that are right answers, by id."""

    @classmethod
    def of(cls, steps: Sequence[Mapping[str, Any]]) -> Self:
        """Return those among the steps of ``run.json``."""
        bits = step_bits(str(step["id"]) for step in steps if step.get("seat") == "call")
        right = {str(step["id"]): numbers(step["expects"]) for step in steps if step.get("expects")}
        return cls({step: bits[step] for step in right if step in bits}, right)

    @property
    def mask(self) -> int:
        """Return the bits of which a poisoned call has one."""
        return sum(self.bits.values())
