"""Worked numbers of a check: what it must say of a summary that is small enough to check by hand.

Each check's own test file declares ``WORKED`` and ``WRONG``; `tests.checks.test_contract` asks for both.
"""

from dataclasses import dataclass, replace
from typing import Any

from harness.checks import Check
from harness.results.auth_summary import Measures
from harness.results.summary import Cell, Outcome, StepOutcome, Summary

STEPS = {"15-expire_all": "expire_all", "30-latency": "latency"}
"""The timeline of every worked summary: fault names by step id."""


@dataclass(frozen=True)
class Worked:
    """A check and what it must say of a summary: its outcome, the value that it judges, and words of its sentence."""

    check: Check
    summary: Summary
    result: Outcome
    value: float | None
    says: str = ""


def step(name: str = "15-expire_all", **others: Any) -> StepOutcome:
    """Return what became of a step: applied, good again after a second, at the price of 12 token fetches."""
    whole = StepOutcome(name, STEPS[name], "environment", "", 15, None, 15.0, None, None, recovery_s=1.0, fetches=12)
    return replace(whole, **others)


def summary(*cells: Cell, steps: tuple[StepOutcome, ...] = (), measures: Measures | None = None) -> Summary:
    """Return a summary of 60 s that holds these parts and nothing else."""
    return Summary(
        "r", "s", "b", "", 60, 10, 1, {}, None, {}, cells=cells, steps=steps, measures=measures or Measures()
    )
