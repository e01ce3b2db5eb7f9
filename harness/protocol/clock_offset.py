"""The offset of another host's monotonic clock: an interval that is sure to hold it, from pings. Pure.

A pong's reading was taken between the ping's departure and the pong's arrival, so one round trip
gives bounds that need no assumption on the way there and back. The shortest round trip counts.
Source: F. Cristian, "Probabilistic clock synchronization", Distributed Computing 3 (1989).
"""

from collections.abc import Callable
from dataclasses import dataclass

from harness.protocol.messages import Pong

PINGS = 20


@dataclass(frozen=True)
class ClockOffset:
    """How far a worker's clock is ahead of the conductor's: at least ``low_ns``, at most ``high_ns``."""

    low_ns: int = 0
    high_ns: int = 0

    @classmethod
    def of_round_trip(cls, sent_ns: int, at_ns: int, received_ns: int) -> "ClockOffset":
        """Return what one ping tells: sent and received by our clock, answered ``at_ns`` by the worker's."""
        return cls(at_ns - received_ns, at_ns - sent_ns)

    @property
    def ns(self) -> int:
        """Return the offset to take off the worker's times: the middle of the interval."""
        return (self.low_ns + self.high_ns) // 2

    @property
    def bound_s(self) -> float:
        """Return by how much the offset may be wrong."""
        return (self.high_ns - self.low_ns) / 2e9

    def joined(self, other: "ClockOffset") -> "ClockOffset":
        """Return an interval that holds both: clocks drift from the one measurement to the other."""
        return ClockOffset(min(self.low_ns, other.low_ns), max(self.high_ns, other.high_ns))


class Pings:
    """Pings to one worker, one at a time; `measure` may be called again, for a later measurement.

    ``send`` takes the number of a ping to the worker, ``now_ns`` is the conductor's clock.
    """

    def __init__(self, send: Callable[[int], None], now_ns: Callable[[], int]) -> None:
        self._send = send
        self._now_ns = now_ns
        self._number = 0
        self._last = 0
        self._sent_ns = 0
        self._best: ClockOffset | None = None
        self._before: ClockOffset | None = None

    @property
    def done(self) -> bool:
        """Tell whether every ping of the last measurement was answered."""
        return self._number > self._last

    @property
    def offset(self) -> ClockOffset | None:
        """Return the offset by all measurements; None while no ping was answered."""
        if self._before is None or self._best is None:
            return self._best or self._before
        return self._before.joined(self._best)

    def measure(self) -> None:
        """Begin a measurement; a ping of an older one that is still under way is forgotten."""
        self._before, self._best = self.offset, None
        self._last = self._number + PINGS
        self._ping()

    def hear(self, pong: Pong) -> None:
        """Take a pong; one that answers no waiting ping tells nothing."""
        received_ns = self._now_ns()
        if self.done or pong.number != self._number:
            return
        found = ClockOffset.of_round_trip(self._sent_ns, pong.at_ns, received_ns)
        if self._best is None or found.bound_s < self._best.bound_s:
            self._best = found
        self._ping()

    def _ping(self) -> None:
        self._number += 1
        if not self.done:
            self._sent_ns = self._now_ns()
            self._send(self._number)
