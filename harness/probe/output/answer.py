"""The answer: why this server says UNAUTHENTICATED, and what it would let in. Sentences from findings, pure."""

from collections.abc import Sequence

from harness.defects.oracle import Bounds
from harness.formatting import duration, plural
from harness.probe.output.groups import groups, shortened
from harness.probe.parts.evidence import NOT_PROVEN
from harness.probe.result import COVERAGE, ClockEstimate, Finding, Outcome, ProbeResult

INTERRUPTED = "interrupted"
"""How ``partial`` begins where a person ended the probe."""


def exit_code(result: ProbeResult) -> int:
    """Return 130 interrupted, 3 where the probe is not whole or proves nothing, 1 for what must not be, else 0."""
    if result.partial.startswith(INTERRUPTED):
        return 130
    proven = [one for one in result.findings if one.outcome not in {Outcome.VOID, Outcome.NOT_CHECKED}]
    if result.partial or not proven:
        return 3
    if result.failing:
        return 1
    return 3 if any(one.outcome is Outcome.VOID for one in result.findings) else 0


def word(result: ProbeResult) -> str:
    """Return the verdict in one word."""
    return {0: "passed", 1: "failed", 3: "invalid", 130: "interrupted"}[exit_code(result)]


def sentences(result: ProbeResult) -> list[str]:
    """Return the answer, what matters most first."""
    wrong = [f"{group.line[:1].upper()}{group.line[1:]}." for group in shortened(groups(result))]
    return [*before(result), *wrong, *after(result)]


def before(result: ProbeResult) -> list[str]:
    """Return what is said before anything that is wrong."""
    partial = [f"The probe is not whole: {result.partial}."] if result.partial else []
    return partial if result.failing else [*partial, _nothing_let_in(result)]


def after(result: ProbeResult) -> list[str]:
    """Return what is said after all that is wrong: of the clocks, and of what is open."""
    clocks = [sentence for clock in result.clocks for sentence in _clock(clock)]
    return [*clocks, *_unproven(result.findings)]


def _nothing_let_in(result: ProbeResult) -> str:
    asked = [one for one in result.findings if one.outcome in {Outcome.PASSED, Outcome.ALLOWED, Outcome.PROBLEM}]
    if not asked:
        return f"Nothing is proven: {next((one.text for one in result.findings if one.text), 'nothing was asked')}."
    methods = {one.method for one in asked if one.part == COVERAGE and one.method}
    over = f" over {plural(len(methods), 'method')}" if methods else ""
    return f"It let nothing in that it should not: {plural(len(asked), 'question')}{over} answered as they should be."


def _clock(clock: ClockEstimate) -> list[str]:
    at = f" of {clock.replica}" if clock.replica else ""
    if clock.sound and clock.offset is not None and clock.leeway is not None:
        return [f"The verifier's clock{at} {_offset(clock.offset)}, and it {_leeway(clock.leeway)}{_end(clock)}."]
    if clock.doubts:
        return [f"The verifier's clock{at} could not be told: {clock.doubts[0]}."]
    return []


def _offset(offset: Bounds) -> str:
    if offset.low_s <= 0 <= offset.high_s:
        return f"agrees with this machine's (within {duration(offset.half_s)})"
    way = "ahead of" if offset.middle_s >= 0 else "behind"
    return f"is {duration(abs(offset.middle_s))} (± {duration(offset.half_s)}) {way} this machine's"


def _leeway(leeway: Bounds) -> str:
    return "forgives nothing" if leeway.low_s <= 0 else f"forgives {duration(leeway.middle_s)}"


def _end(clock: ClockEstimate) -> str:
    """Return when a token ends there, where that is not at its exp."""
    if clock.grace is None or clock.grace.low_s <= 0 <= clock.grace.high_s:
        return ""
    side = "after" if clock.grace.middle_s > 0 else "before"
    return f": a token is UNAUTHENTICATED from {duration(abs(clock.grace.middle_s))} {side} its exp on"


def _unproven(findings: Sequence[Finding]) -> list[str]:
    void = sum(one.outcome is Outcome.VOID for one in findings)
    unchecked = [one for one in findings if one.outcome is Outcome.NOT_CHECKED]
    unproven = {one.subject for one in unchecked if one.text.startswith(NOT_PROVEN)}
    told = []
    if unproven:
        told.append(
            f"Of {plural(len(unproven), 'method')} it is not proven that a check stands before them: "
            "give --data with messages that a good token gets through with."
        )
    if void:
        told.append(f"{plural(void, 'answer')} proved nothing, because a good call beside it failed or it was lost.")
    if unchecked:
        told.append(f"{plural(len(unchecked), 'question')} not answered; what is listed below says why.")
    return told
