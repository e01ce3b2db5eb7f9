"""How far a tool's latencies are from the truth, which is arithmetic on what the target was told to do.

**Known delays**: the target takes the delays of a table in turn, which goes round several times, so
that the calls' own quantiles are the table's. **A stall**: calls are due at an even rate, and one
that is due while the target holds its answers waits until the stall is over.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.peers.arena import arena
from benchmarks.peers.bout import SETTLE_S, SLACK_S, Score, play
from benchmarks.peers.tools import Load, Tool

SHARES = (0.5, 0.99)
STALL_S = 1.0
STALL_PER_S = 1000.0
"""So many that the fifty calls that were in flight when the stall began are under one in a hundred."""
DELAYS = 500


@dataclass(frozen=True)
class Told:
    """What one tool said of two percentiles, and what was true."""

    tool: str
    said_s: tuple[float, float]
    truth_s: tuple[float, float]
    calls: int
    failed: int

    @property
    def off_s(self) -> tuple[float, float]:
        """Return how far it was off, p50 and p99."""
        return self.said_s[0] - self.truth_s[0], self.said_s[1] - self.truth_s[1]


def delays_s(seed: int) -> list[float]:
    """Return the table: nine calls of ten take 2 to 5 ms, the others 10 to 30 ms; shuffled, the same every time."""
    places = (np.arange(DELAYS) + 0.5) / DELAYS
    table = np.where(places < 0.9, 0.002 + 0.003 * places / 0.9, 0.010 + 0.020 * (places - 0.9) / 0.1)
    shuffled: list[float] = table.tolist()
    random.Random(seed).shuffle(shuffled)
    return shuffled


def stall_truth_s(for_s: float, stall_s: float = STALL_S) -> tuple[float, float]:
    """Return p50 and p99 of the waits of calls due evenly over ``for_s``, where all are held once for ``stall_s``.

    The share of calls that are due in the stall wait evenly between all of it and nothing; the others do not wait.
    """
    held = stall_s / for_s
    return tuple(max(stall_s * (1 - (1 - share) / held), 0.0) for share in SHARES)  # type: ignore[return-value]


def with_known_delays(tools: Sequence[type[Tool]], per_s: float, for_s: float, seed: int) -> list[Told]:
    """Return what each tool says of known delays, and first what the target's own clock says."""
    table = delays_s(seed)
    low_s, high_s = np.quantile(table, SHARES)
    truth_s = (float(low_s), float(high_s))
    found: list[Told] = []
    for kind in tools:
        with arena(table) as (ground, target):
            score = play(kind(ground), target, Load(for_s, per_s))
            own_s = np.quantile(np.array(target.delays_us()) / 1e6, SHARES)
            if not found:
                found.append(Told("the target's own clock", (own_s[0], own_s[1]), truth_s, score.calls, 0))
            found.append(_told(kind, score, truth_s))
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


def _told(kind: type[Tool], score: Score, truth_s: tuple[float, float]) -> Told:
    said = score.reading
    return Told(kind.name, (said.p50_s, said.p99_s), truth_s, said.calls, said.failed)
