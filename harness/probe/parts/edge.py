"""The search for one edge of a verifier: up to where a date is good. Logic without I/O.

A token whose date is ``K`` is sent at ``t``; its *distance* is how far it is beyond the date, ``t - K`` for
``exp`` and ``K - t`` for ``nbf``, and it is accepted while that is below the edge. The verifier looks at its
clock at an unknown moment between sending and answer, so that an acceptance bounds the edge from below by
the least distance of that time, and a rejection from above by the greatest: no assumption on the network's
symmetry is made. Source: Cristian, Probabilistic clock synchronization, 1989.

Dates are whole seconds, for verifiers may cut the rest off. That costs no resolution: what moves in small
steps is not the date but the moment of sending, and one sweep over a second of moments is worth many
halvings, each of which would wait for its own moment.
"""

import math
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from harness.defects.oracle import Bounds

FARTHEST_S = 8192
"""Distances that are tried, either way: over two hours, more than any clock or leeway that is set on purpose."""
_FAN = 16
_ROUNDS = (25, 25, 12)
_LEAD_S = 0.03


@dataclass(frozen=True)
class EdgeSide:
    """Which date is moved."""

    claim: str
    sign: int

    def date(self, distance_s: float, at_s: float) -> int:
        """Return the whole date whose distance at a moment is nearest to the one wanted."""
        return round(at_s - self.sign * distance_s)

    def moment(self, distance_s: float, after_s: float) -> float:
        """Return the first moment after another at which a whole date has exactly that distance."""
        return after_s + (self.sign * distance_s - after_s) % 1.0


EXP = EdgeSide("exp", 1)
NBF = EdgeSide("nbf", -1)


@dataclass(frozen=True)
class Ask:
    """A token to send: its date, and when it should leave (0: at once)."""

    date_s: int
    at_s: float = 0.0


@dataclass(frozen=True)
class Seen:
    """When a token left, when its answer came, and which it was; wall clock, seconds since the epoch."""

    date_s: int
    sent_s: float
    answered_s: float
    accepted: bool


@dataclass
class Search:
    """The edge of one side, between the bounds that all answers so far leave.

    Distances up to ``reach_s`` either way are tried: dates further away would break other rules of a
    verifier's, such as a bound of lifetimes.
    """

    side: EdgeSide
    reach_s: float = FARTHEST_S
    low_s: float = -math.inf
    high_s: float = math.inf
    rtt_s: float = math.inf

    @property
    def contradiction_s(self) -> float:
        """Return by how much the answers contradict each other: 0 where one edge explains them all."""
        return max(0.0, self.low_s - self.high_s)

    @property
    def bounds(self) -> Bounds | None:
        """Return where the edge is; None where it was not found, or where there is more than one."""
        found = math.isfinite(self.low_s) and math.isfinite(self.high_s) and not self.contradiction_s
        return Bounds(self.low_s, self.high_s) if found else None

    def take(self, answers: Sequence[Seen]) -> None:
        """Narrow the bounds by answers."""
        for seen in answers:
            ends = (self.side.sign * (moment - seen.date_s) for moment in (seen.sent_s, seen.answered_s))
            least, most = sorted(ends)
            if seen.accepted:
                self.low_s = max(self.low_s, least)
            else:
                self.high_s = min(self.high_s, most)
            self.rtt_s = min(self.rtt_s, seen.answered_s - seen.sent_s)

    def run(self, now_s: float) -> Generator[Sequence[Ask], tuple[Sequence[Seen], float], None]:
        """Yield tokens to send; is sent their answers, and the time. Ends when the edge is found, or cannot be."""
        powers = [2**power for power in range(14) if 2**power <= self.reach_s]
        near = [0, *(sign * power for power in powers for sign in (1, -1))]
        now_s = yield from self._ask([Ask(self.side.date(distance, now_s)) for distance in near])
        while self.bounds and self.high_s - self.low_s > 1.2 + 2 * self.rtt_s:
            step = (self.high_s - self.low_s) / (_FAN + 1)
            fan = [self.low_s + step * (place + 1) for place in range(_FAN)]
            before = self.high_s - self.low_s
            now_s = yield from self._ask([Ask(self.side.date(distance, now_s)) for distance in fan])
            if self.high_s - self.low_s >= before:
                break
        for points in _ROUNDS:
            if self.bounds is None or self.high_s - self.low_s <= 1.2 * self.rtt_s:
                return
            now_s = yield from self._ask(self._sweep(points, now_s))

    def _ask(self, asks: Sequence[Ask]) -> Generator[Sequence[Ask], tuple[Sequence[Seen], float], float]:
        answers, now_s = yield asks
        self.take(answers)
        return now_s

    def _sweep(self, points: int, now_s: float) -> list[Ask]:
        """Return tokens whose distances cover the bounds evenly, in the order of their moments."""
        width = self.high_s - self.low_s
        asks = []
        for place in range(points):
            distance = self.low_s + width * (place + 0.5) / points
            at_s = self.side.moment(distance, now_s + _LEAD_S)
            asks.append(Ask(self.side.date(distance, at_s), at_s))
        return sorted(asks, key=lambda ask: ask.at_s)
