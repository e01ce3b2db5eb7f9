"""Phases: what part of the run a call belongs to, from the edges that really happened. Pure.

Windows come from the fault journal, ``[applied, undone)``. A recovery runs from a window's end
(its start, when it has no width) to the first of three good seconds in a row, whose first tenth is
good by itself. A second may begin at any tenth of one, counted from zero, so recoveries are to
0.1 s; one that begins with the first tenth after the end took no time. Steady is outside all of
both. Windows and recoveries may overlap, so a call may be in several; steady is exclusive.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from harness.results.binomial import log_chance
from harness.results.fault_events import (
    AnyEvent,
    AppliedEvent,
    ApplyingEvent,
    FailedEvent,
    StepEvent,
    UndoneEvent,
    VerifiedEvent,
)
from harness.results.summary import GOOD_IN_A_ROW, Phase

TENTHS = 10
"""Places in a second at which a good one may begin."""

UNLIKELY = 0.05
"""A second has too many failures when chance would bring so many less often than this."""

SLOWER = 1.5
SLOWER_S = 0.05
"""A second is slow when its p90 is above 1.5 times the baseline's p99, and 50 ms above it."""


@dataclass(frozen=True)
class FaultWindow:
    """When a step was planned, when it really was in force, and when it could be felt; seconds from zero."""

    step: str
    fault: str
    seat: str
    text: str
    planned_from_s: float
    planned_until_s: float | None
    from_s: float | None = None
    until_s: float | None = None
    verified: bool | None = None
    problem: str | None = None
    begun_s: float | None = None
    """When its act began; None in journals that do not tell it."""
    over_s: float | None = None
    """When its undo was read back; None where nobody told."""
    allow_open: bool = False
    """Whether the load may end before calls are good again."""

    @property
    def felt_from_s(self) -> float | None:
        """Return from when on calls may have met it; None where it was never applied."""
        return self.from_s if self.from_s is None or self.begun_s is None else min(self.begun_s, self.from_s)

    def felt_until_s(self, ended_s: float) -> float:
        """Return until when calls may have met it."""
        return max(self.end_s(ended_s), self.over_s or 0.0)

    def end_s(self, ended_s: float) -> float:
        """Return when the window ended: at its start without width, with the load when nobody undid it."""
        if self.from_s is None:
            raise ValueError(f"{self.step} was never applied")
        if self.planned_until_s is None:
            return self.from_s
        return ended_s if self.until_s is None else self.until_s


@dataclass(frozen=True)
class Due:
    """The final calls that were due in a stretch of time."""

    calls: int = 0
    failed: int = 0
    slow: int = 0
    """Calls that succeeded, and took longer than `Baseline.p90_limit_s`."""


DueIn = Callable[[int, int], Due]
"""What was due from a tenth of a second on, counted from zero, for so many tenths."""


@dataclass(frozen=True)
class Baseline:
    """What calls were like before the first fault."""

    failure_limit: float
    p99_s: float | None
    calls: int
    source: str

    @property
    def p90_limit_s(self) -> float:
        """Return the p90 above which a second is not good."""
        return float("inf") if self.p99_s is None else max(SLOWER * self.p99_s, self.p99_s + SLOWER_S)


@dataclass(frozen=True)
class RecoveryTime:
    """How long after a step's end calls were good again, or why that is not known."""

    step: str
    from_s: float
    until_s: float
    seconds: float | None
    reason: str | None = None
    at_least_s: float | None = None
    """What it took at least, where calls were not good again before the load ended; None where nobody can tell."""


def windows(steps: Sequence[Mapping[str, Any]], events: Iterable[AnyEvent]) -> tuple[FaultWindow, ...]:
    """Return the steps of a run with the edges that its fault journal tells."""
    found = {str(step["id"]): _planned(step) for step in steps}
    for event in events:
        if isinstance(event, StepEvent | FailedEvent) and event.step in found:
            found[event.step] = _after(found[event.step], event)
    return tuple(found.values())


def _planned(step: Mapping[str, Any]) -> FaultWindow:
    until_s = step.get("until_s")
    return FaultWindow(
        str(step["id"]),
        str(step.get("fault", "")),
        str(step.get("seat", "")),
        str(step.get("text", "")),
        float(step["at_s"]),
        None if until_s is None else float(until_s),
        allow_open=bool(step.get("allow_open", False)),
    )


def _after(window: FaultWindow, event: StepEvent | FailedEvent) -> FaultWindow:
    """Return a window as one event leaves it."""
    match event:
        case ApplyingEvent():
            return replace(window, begun_s=event.at_s)
        case AppliedEvent():
            return replace(window, from_s=event.at_s)
        case UndoneEvent():
            return replace(window, until_s=event.at_s)
        case VerifiedEvent():
            return _read_back(window, event)
        case FailedEvent():
            doing = "applied" if event.phase == "apply" else "undone"
            return replace(window, verified=False, problem=f"could not be {doing}: {event.text}")
    return window


def _read_back(window: FaultWindow, event: VerifiedEvent) -> FaultWindow:
    undone = window.until_s is not None
    held = event.active is not undone
    problem = window.problem or (
        None if held else f"read back {'still active after its end' if undone else 'not in force'}"
    )
    over_s = event.at_s if undone else window.over_s
    return replace(window, verified=held and window.problem is None, problem=problem, over_s=over_s)


def first_fault_s(found: Iterable[FaultWindow]) -> float | None:
    """Return when the first fault began to act, or None."""
    return min((window.felt_from_s for window in found if window.felt_from_s is not None), default=None)


def begins_us(found: Iterable[FaultWindow]) -> list[int]:
    """Return when faults of the lab began to act, in microseconds from zero, sorted.

    Those per call are decided when a call leaves, and meet none in flight.
    """
    begun = (window.felt_from_s for window in found if window.seat != "call")
    return sorted(round(at_s * 1e6) for at_s in begun if at_s is not None)


def good(due: Due, baseline: Baseline) -> bool:
    """Tell whether a second has calls, few enough of them failed, and the rest were about as fast as before."""
    if due.calls == 0 or too_many(due.failed, due.calls, baseline.failure_limit):
        return False
    return not too_slow(due)


def too_slow(due: Due) -> bool:
    """Tell whether the p90 (nearest rank) of a second's successful calls is above the limit."""
    return due.slow * 10 > due.calls - due.failed


def too_many(failed: int, calls: int, limit: float) -> bool:
    """Tell whether so many failures of a second are beyond a ratio, rather than its chance.

    One failed call of 200 is 0.5 %, yet no sign that a bound of 0.1 % is broken: a second has too
    many when so many or more would come less than once in twenty at the bound itself (binomial).
    """
    if failed <= limit * calls:
        return False
    if limit <= 0 or failed > 4 * limit * calls + 10:
        return True
    likely = sum(math.exp(log_chance(hits, calls, limit, 1 - limit)) for hits in range(failed)) if limit < 1 else 1.0
    return 1 - likely < UNLIKELY


def recoveries(
    found: Iterable[FaultWindow], due_in: DueIn, baseline: Baseline, ended_s: float
) -> tuple[RecoveryTime, ...]:
    """Return the recovery of each step that was applied."""
    applied = [window for window in found if window.from_s is not None]
    return tuple(_recovery(window, applied, cache(due_in), baseline, ended_s) for window in applied)


def _recovery(
    window: FaultWindow, others: Sequence[FaultWindow], due_in: DueIn, baseline: Baseline, ended_s: float
) -> RecoveryTime:
    end_s = window.end_s(ended_s)
    if window.planned_until_s is not None and window.until_s is None:
        return RecoveryTime(
            window.step, end_s, end_s, None, "it was never undone, so there was nothing to recover from"
        )
    if baseline.p99_s is None:
        return RecoveryTime(window.step, end_s, end_s, None, "no call succeeded before the first fault to compare with")
    first, last = math.ceil(end_s * TENTHS - 1e-6), math.floor(ended_s * TENTHS + 1e-6)
    start, seen = _first_good(first, last, due_in, baseline)
    took_s = 0.0 if start == first else round(start / TENTHS - end_s, 1)
    if seen == GOOD_IN_A_ROW:
        also = _meanwhile(window, others, (end_s, end_s + took_s), ended_s)
        return RecoveryTime(window.step, end_s, start / TENTHS if took_s else end_s, took_s, also)
    tail = [due_in(tenth, TENTHS) for tenth in range(first, last - TENTHS + 1, TENTHS)]
    reasons = (_why_not(tail, baseline, ended_s - end_s), _meanwhile(window, others, (end_s, ended_s), ended_s))
    why = "; ".join(reason for reason in reasons if reason)
    return RecoveryTime(window.step, end_s, max(end_s, ended_s), None, why, took_s)


def _first_good(first: int, last: int, due_in: DueIn, baseline: Baseline) -> tuple[int, int]:
    """Return the first tenth from which no second of three is known to be bad, and how many of them were seen.

    Fewer than three were seen where the load ended before (at tenth ``last``). A second forgives a
    few failures, but not those it begins with: they end what was bad.
    """
    start = first
    while True:
        begins = [start + i * TENTHS for i in range(GOOD_IN_A_ROW) if start + (i + 1) * TENTHS <= last]
        opening = due_in(start, 1) if start < last else Due()
        if (not opening.calls or good(opening, baseline)) and all(
            good(due_in(begin, TENTHS), baseline) for begin in begins
        ):
            return start, len(begins)
        start += 1


def _meanwhile(
    window: FaultWindow, others: Sequence[FaultWindow], span: tuple[float, float], ended_s: float
) -> str | None:
    """Say which other steps were in force while a step recovered."""
    acting = [other for other in others if other is not window and other.from_s is not None and span[1] > span[0]]
    names = [other.step for other in acting if (other.from_s or 0.0) < span[1] and other.end_s(ended_s) >= span[0]]
    return f"{', '.join(names)} also acted meanwhile" if names else None


def _why_not(tail: Sequence[Due], baseline: Baseline, left_s: float) -> str:
    """Say what was wrong with the whole seconds from a window's end to the end of the load."""
    if len(tail) < GOOD_IN_A_ROW:
        return f"the load ended {max(left_s, 0):.1f} s after it, sooner than {GOOD_IN_A_ROW} good seconds"
    idle = sum(due.calls == 0 for due in tail)
    failing = sum(too_many(due.failed, due.calls, baseline.failure_limit) for due in tail)
    slow = sum(too_slow(due) for due in tail)
    kinds = ((failing, "with too many failures"), (slow, "too slow"), (idle, "without calls"))
    parts = [f"{count} {what}" for count, what in kinds if count]
    return f"of the {len(tail)} s that were left, {', '.join(parts) or 'no three in a row were good'}"


def spans(
    found: Sequence[FaultWindow], recovered: Sequence[RecoveryTime], ended_s: float, warm_up_s: float
) -> tuple[Phase, ...]:
    """Return all phases of a run: warm-up, all, steady, each window and each recovery."""
    whole = (0.0, max(ended_s, 0.0))
    phases = [
        Phase("warm-up", "warm-up", None, ((-warm_up_s, 0.0),) if warm_up_s > 0 else ()),
        Phase("all", "all", None, _kept([whole])),
    ]
    instants: dict[str, float] = {}
    for window in found:
        if window.felt_from_s is None:
            continue
        from_s = max(window.felt_from_s, 0.0)
        if window.planned_until_s is None:
            instants[window.step] = from_s
        else:
            span = (from_s, min(window.felt_until_s(ended_s), whole[1]))
            phases.append(Phase(window.step, "window", window.step, _kept([span])))
    for recovery in recovered:  # what was due while a fault without width acted belongs to its recovery
        span = (instants.get(recovery.step, recovery.from_s), recovery.until_s)
        phases.append(Phase(f"recovery:{recovery.step}", "recovery", recovery.step, _kept([span])))
    busy = [span for phase in phases[2:] for span in phase.spans]
    return (*phases[:2], Phase("steady", "steady", None, outside(whole, busy)), *phases[2:])


def pieces(phases: Iterable[Phase], piece_s: float) -> list[float]:
    """Return the edges that cut a run into pieces of at most ``piece_s``, none of which two phases share in part."""
    spans_s = [span for phase in phases for span in phase.spans]
    if not spans_s:
        return []
    first, last = min(span[0] for span in spans_s), max(span[1] for span in spans_s)
    start = math.floor(first / piece_s)
    grid = [place * piece_s for place in range(start, math.ceil(last / piece_s) + 1)]
    edges = {edge for span in spans_s for edge in span} | {edge for edge in grid if first < edge < last}
    return sorted(edges)


def outside(whole: tuple[float, float], busy: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the parts of an interval that no busy interval covers."""
    free: list[tuple[float, float]] = []
    at_s = whole[0]
    for from_s, until_s in sorted(busy):
        free.append((at_s, min(from_s, whole[1])))
        at_s = max(at_s, until_s)
    free.append((at_s, whole[1]))
    return _kept(free)


def _kept(intervals: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple((from_s, until_s) for from_s, until_s in intervals if until_s > from_s)


def unsteady(due_in: DueIn, failure_limit: float, warm_up_s: float) -> str | None:
    """Return why the warm-up did not end steady, or None; its last three seconds must be good ones."""
    for at_s in range(-min(GOOD_IN_A_ROW, int(warm_up_s)), 0):
        due = due_in(at_s * TENTHS, TENTHS)
        if due.calls == 0:
            return f"no call was due {-at_s} s before the end of warm-up"
        if too_many(due.failed, due.calls, failure_limit):
            return f"{due.failed} of {due.calls} calls failed {-at_s} s before the end of warm-up"
    return None
