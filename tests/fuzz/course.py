"""A course: so many inputs for one reader, from a seed."""

from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from harness import clock
from tests.fuzz import Reader
from tests.fuzz.judge import complaint

MOST_TOLD = 5
_ROUND = 5_000
"""Inputs of one of hypothesis' runs: it remembers all that it made, and slows down."""


@dataclass
class Course:
    """What came of it; ``complaints`` holds the first input of each kind."""

    reader: Reader
    inputs: int = 0
    took_s: float = 0.0
    slowest_s: float = 0.0
    complaints: dict[str, Any] = field(default_factory=dict)


def run(reader: Reader, inputs: int, number: int) -> Course:
    """Feed a reader with at least so many inputs; the same for the same seed."""
    course = Course(reader)
    began_s = clock.monotonic()
    while course.inputs < inputs:
        _feed(course, min(_ROUND, inputs - course.inputs), number)
        number += 1
    course.took_s = clock.monotonic() - began_s
    return course


def _feed(course: Course, inputs: int, number: int) -> None:
    @seed(number)
    @settings(
        max_examples=inputs, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(course.reader.inputs)
    def feed(given_input: Any) -> None:
        began_s = clock.monotonic()
        found = complaint(course.reader, given_input)
        course.inputs += 1
        course.slowest_s = max(course.slowest_s, clock.monotonic() - began_s)
        if found:
            course.complaints.setdefault(found.partition(" has no way out")[0], given_input)

    feed()
