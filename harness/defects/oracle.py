"""The oracle: must a verifier accept a token, must it reject it, or is nobody to say? Pure.

A call is under way from when it was sent to when it was answered, and the verifier looked at its clock
at some moment between. Where that clock is known within bounds, so are two edges on the caller's own:
a token is accepted until ``exp + grace``, and from ``nbf - head_start``. What lies before or behind an
edge for the whole of that time is certain; the rest is grey, counted and never judged. Hence no verdict
on time is a matter of luck.

Symbols, for a verifier whose clock is ``offset`` ahead, that forgives ``leeway``, and that compares
whole seconds with the last one included (``whole`` 1) or not (0):
``grace = leeway + whole - offset`` and ``head_start = leeway + offset``.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from harness.tokens.token import numeric_date


class Expectation(StrEnum):
    """What a correct verifier with that clock must do."""

    MUST_ACCEPT = "must accept"
    MUST_REJECT = "must reject"
    GREY = "grey"


@dataclass(frozen=True)
class Bounds:
    """Where a number lies for certain; both ends belong to it, and either may be infinite."""

    low_s: float
    high_s: float

    @property
    def middle_s(self) -> float:
        """Return the best guess."""
        return (self.low_s + self.high_s) / 2

    @property
    def half_s(self) -> float:
        """Return how far off the best guess may be."""
        return (self.high_s - self.low_s) / 2

    def widened(self, by_s: float) -> Self:
        """Return bounds that are wider by so much at either end."""
        return type(self)(self.low_s - by_s, self.high_s + by_s)


@dataclass(frozen=True)
class Edges:
    """How long after ``exp`` a verifier accepts, and how long before ``nbf``, on the caller's wall clock."""

    grace: Bounds
    head_start: Bounds

    @classmethod
    def known(cls, leeway_s: float, offset: Bounds, whole_s: int | None = None) -> Self:
        """Return the edges of a declared leeway and a clock within bounds; ``whole_s`` None: either."""
        least, most = (0, 1) if whole_s is None else (whole_s, whole_s)
        return cls(
            Bounds(leeway_s + least - offset.high_s, leeway_s + most - offset.low_s),
            Bounds(leeway_s + offset.low_s, leeway_s + offset.high_s),
        )

    def aged(self, by_s: float, rate_ppm: float = 200.0) -> Self:
        """Return the edges some time after they were measured; clocks may drift apart by that rate."""
        drift_s = abs(by_s) * rate_ppm * 1e-6
        return type(self)(self.grace.widened(drift_s), self.head_start.widened(drift_s))


@dataclass(frozen=True)
class ValidityWindow:
    """When a token says that it is valid, in seconds since the epoch; infinite where it does not say."""

    begins_s: float = -math.inf
    ends_s: float = math.inf

    @classmethod
    def of(cls, claims: Mapping[str, Any]) -> Self:
        """Return what ``nbf`` and ``exp`` say, where they are numbers."""
        return cls(numeric_date(claims, "nbf", -math.inf), numeric_date(claims, "exp", math.inf))


def expect(window: ValidityWindow, edges: Edges, sent_s: float, answered_s: float) -> Expectation:
    """Return what a verifier must say to a token whose only fault may be its time.

    Source: RFC 7519, sections 4.1.4 and 4.1.5: not accepted on or after ``exp``, nor before ``nbf``.
    """
    dead = sent_s >= window.ends_s + edges.grace.high_s
    unborn = answered_s < window.begins_s - edges.head_start.high_s
    if dead or unborn:
        return Expectation.MUST_REJECT
    alive = answered_s < window.ends_s + edges.grace.low_s
    born = sent_s >= window.begins_s - edges.head_start.low_s
    return Expectation.MUST_ACCEPT if alive and born else Expectation.GREY
