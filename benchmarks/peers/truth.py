"""How far a tool's latencies are from the truth, which is arithmetic on what the target was told to do.

**Known delays**: the target takes the delays of a table in turn, which goes round several times, so
that the calls' own quantiles are the table's; what the target spends on a call besides, its clock at
its socket knows, for each tool's own bout. **A stall**: calls are due at an even rate, and one
that is due while the target holds its answers waits until the stall is over.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.arena import IN_FLIGHT, arena
from benchmarks.peers.bout import SETTLE_S, SLACK_S, Score, play
from benchmarks.peers.tools import Load, Tool

SHARES = (0.5, 0.99)
OWN_CLOCK, SOCKET_CLOCK = "the target's own clock", "the target's clock at its socket"
STALL_S = 1.0
STALL_PER_S = 1000.0
"""So many that the fifty calls that were in flight when the stall began are under one in a hundred."""
DELAYS = 500
NEAR_RATIO, NEAR_S = 0.02, 0.0001
"""How far a tool may be off what the target's socket saw, whichever is more."""


@dataclass(frozen=True)
class Told:
    """What one tool said of two percentiles, what was true, and what the target's socket saw of the same calls."""

    tool: str
    said_s: tuple[float, float]
    truth_s: tuple[float, float]
    calls: int
    failed: int
    socket_s: tuple[float, float] | None = None

    @property
    def off_s(self) -> tuple[float, float]:
        """Return how far it was off, p50 and p99."""
        return self.said_s[0] - self.truth_s[0], self.said_s[1] - self.truth_s[1]

    @property
    def above_s(self) -> tuple[float, float] | None:
        """Return how far it was above the target's clock at its socket, p50 and p99; None where nobody asked that."""
        return self.socket_s and (self.said_s[0] - self.socket_s[0], self.said_s[1] - self.socket_s[1])

    @property
    def near(self) -> bool:
        """Tell whether both are within 2 % or 0.1 ms of what the socket saw."""
        pairs = zip(self.above_s or (), self.socket_s or (), strict=True)
        return bool(self.socket_s) and all(abs(above) <= max(NEAR_RATIO * saw, NEAR_S) for above, saw in pairs)


def delays_s(seed: int) -> list[float]:
    """Return the table: nine calls of ten take 2 to 5 ms, the others 10 to 30 ms; shuffled, the same every time."""
    places = (np.arange(DELAYS) + 0.5) / DELAYS
    table = np.where(places < 0.9, 0.002 + 0.003 * places / 0.9, 0.010 + 0.020 * (places - 0.9) / 0.1)
    shuffled: list[float] = table.tolist()
    random.Random(seed).shuffle(shuffled)
    return shuffled


def half_load_per_s(table_s: Sequence[float]) -> float:
    """Return half of the calls a second that ``IN_FLIGHT`` callers make of calls that take their delay and no more."""
    return float(round(IN_FLIGHT / np.mean(table_s) / 2))


def stall_truth_s(for_s: float, stall_s: float = STALL_S) -> tuple[float, float]:
    """Return p50 and p99 of the waits of calls due evenly over ``for_s``, where all are held once for ``stall_s``.

    The share of calls that are due in the stall wait evenly between all of it and nothing; the others do not wait.
    """
    held = stall_s / for_s
    return tuple(max(stall_s * (1 - (1 - share) / held), 0.0) for share in SHARES)  # type: ignore[return-value]


def with_known_delays(tools: Sequence[type[Tool]], per_s: float, for_s: float, seed: int) -> list[Told]:
    """Return what each tool says of known delays, and before that what the target's clocks say of the first bout."""
    table = delays_s(seed)
    truth_s = _quantiles_s(table)
    found: list[Told] = []
    for kind in tools:
        with arena(table) as (ground, target):
            score = play(kind(ground), target, Load(for_s, per_s))
            own_us, socket_us = np.array(target.delays_us()), np.array(target.served_us())
        socket_s = _quantiles_s(socket_us / 1e6)
        if not found:
            found.append(Told(OWN_CLOCK, _quantiles_s(own_us / 1e6), truth_s, len(own_us), 0))
            found.append(Told(SOCKET_CLOCK, socket_s, truth_s, len(socket_us), 0))
        found.append(_told(kind, score, truth_s, socket_s))
    return found


def with_a_stall(tools: Sequence[type[Tool]], for_s: float) -> list[Told]:
    """Return what each tool says of a stall of a second; the truth is that of all the time it calls."""
    found = []
    for kind in tools:
        with arena() as (ground, target):
            score = play(kind(ground), target, Load(for_s, STALL_PER_S), meanwhile=lambda: target.stall(STALL_S))
            whole_s = for_s + SETTLE_S + SLACK_S
            found.append(_told(kind, score, stall_truth_s(whole_s)))
    return found


def _told(
    kind: type[Tool], score: Score, truth_s: tuple[float, float], socket_s: tuple[float, float] | None = None
) -> Told:
    said = score.reading
    return Told(kind.name, (said.p50_s, said.p99_s), truth_s, said.calls, said.failed, socket_s)


def _quantiles_s(times_s: Sequence[float] | NDArray[np.float64]) -> tuple[float, float]:
    p50_s, p99_s = np.quantile(times_s, SHARES)
    return float(p50_s), float(p99_s)
