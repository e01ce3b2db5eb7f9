"""From two edges to a clock: offset, leeway and rounding of a verifier, and what speaks against them. Pure.

``grace = leeway + whole - offset`` and ``head_start = leeway + offset``, so that the sum of the edges is twice
the leeway, and one more where whole seconds are compared with the last one included: where leeways are whole
seconds, its parity tells the two kinds of verifiers apart.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from harness.defects.oracle import Bounds
from harness.probe.result import ClockEstimate

NEAR_S = 0.25
FAR_S = 1.0


def conclude(measured: ClockEstimate) -> ClockEstimate:
    """Return the estimate with offset, leeway and rounding, where its edges give them, and with its doubts."""
    grace, head = measured.grace, measured.head_start
    if grace is None or head is None:
        return measured
    total = Bounds(grace.low_s + head.low_s, grace.high_s + head.high_s)
    whole_sum = math.ceil(total.low_s)
    if total.high_s < 0:
        return _doubting(measured, "a token is rejected on both sides of its dates at once: two clocks answer")
    if whole_sum > total.high_s:
        return _doubting(
            measured,
            f"the edges lie {total.middle_s:.3f} s ±{total.half_s:.3f} apart, no whole number: the leeway is no whole "
            "number of seconds, or differs at the two edges, so that the offset cannot be told from it",
        )
    if whole_sum + 1 <= total.high_s:
        return _doubting(
            measured, "the network is too slow to tell the rounding: offset and leeway may be half a second off"
        )
    leeway_s, whole_s = float(whole_sum // 2), whole_sum % 2
    low = max(head.low_s - leeway_s, leeway_s + whole_s - grace.high_s)
    high = min(head.high_s - leeway_s, leeway_s + whole_s - grace.low_s)
    leeway = Bounds((total.low_s - whole_s) / 2, (total.high_s - whole_s) / 2)
    known = replace(measured, offset=Bounds(low, max(low, high)), leeway=leeway, whole_s=whole_s)
    return _unlike_leeways(known, whole_s)


def drift(earlier: ClockEstimate, later: ClockEstimate, apart_s: float) -> Bounds | None:
    """Return how fast the offset grew between two measurements, in millionths (not seconds)."""
    if earlier.offset is None or later.offset is None or apart_s <= 0:
        return None
    least, most = later.offset.low_s - earlier.offset.high_s, later.offset.high_s - earlier.offset.low_s
    return Bounds(least / apart_s * 1e6, most / apart_s * 1e6)


def disagreements(estimates: tuple[ClockEstimate, ...]) -> list[str]:
    """Return a sentence for each pair of replicas whose clocks cannot be one."""
    known = [one for one in estimates if one.offset is not None]
    found = []
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            apart_s = _gap(one.offset, other.offset)
            if apart_s > 0:
                found.append(f"{one.replica} and {other.replica} have clocks at least {apart_s:.3f} s apart")
    return found


def _gap(one: Bounds | None, other: Bounds | None) -> float:
    if one is None or other is None:
        return 0.0
    return max(one.low_s - other.high_s, other.low_s - one.high_s)


def _unlike_leeways(known: ClockEstimate, whole_s: int) -> ClockEstimate:
    """Doubt an offset that is exactly what unlike leeways and a right clock would give."""
    grace, head = known.grace, known.head_start
    if grace is None or head is None:
        return known
    for here_s, there_s, edge in (
        (grace.middle_s - whole_s, head.middle_s, "exp"),
        (head.middle_s, grace.middle_s, "nbf"),
    ):
        if abs(here_s) < NEAR_S and there_s > FAR_S:
            return _doubting(
                known,
                f"the edge of {edge} lies at this machine's clock and the other {there_s:.2f} s away: either the clock "
                f"is off by exactly its leeway, or nothing is forgiven at {edge} and all of it at the other edge",
            )
    return known


def _doubting(estimate: ClockEstimate, doubt: str) -> ClockEstimate:
    return replace(estimate, doubts=(*estimate.doubts, doubt))


def with_drift(now: ClockEstimate, earlier: Sequence[ClockEstimate], seconds: Callable[[str], float]) -> ClockEstimate:
    """Return an estimate with its drift since an earlier one of the same replica; ``seconds`` reads ``at_utc``."""
    before = next((one for one in earlier if one.replica == now.replica), None)
    if before is None:
        return now
    return replace(now, drift_ppm=drift(before, now, seconds(now.at_utc) - seconds(before.at_utc)))
