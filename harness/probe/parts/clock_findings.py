"""What measured clocks mean for whoever runs the service: findings, and the edges by which tokens are judged. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.defects.oracle import Bounds, Edges
from harness.formatting import duration
from harness.probe.parts.estimate import disagreements
from harness.probe.result import ClockEstimate, Finding, Outcome

CLOCK = "clock"
WELL_KEPT_S = 1.0
"""Clocks kept by NTP are nearer; further off, tokens of one-second issuers begin too late or end too early."""
MOST_LEEWAY_S = 120.0
"""A minute covers clocks that are kept; more is a longer life for stolen tokens."""
_KEPT = "verdicts are kept"
_UNCOMPARED = "exp is not compared"


def clock_findings(clocks: Sequence[ClockEstimate], leeway_s: float | None = None) -> list[Finding]:
    """Return the findings of all replicas; ``leeway_s`` is what the target's owner declares."""
    found = [finding for clock in clocks for finding in _of_one(clock, leeway_s)]
    for sentence in disagreements(tuple(clocks)):
        way_out = "Keep the replicas' clocks by NTP; a token is good at one and bad at the other"
        found.append(Finding(CLOCK, "replicas", Outcome.PROBLEM, text=sentence, way_out=way_out))
    return found


def known_edges(clock: ClockEstimate, leeway_s: float | None = None) -> Edges | None:
    """Return the edges by which this replica's answers are judged.

    With a declared leeway they are those of a right verifier with that clock; else those that were measured.
    """
    if clock.sound and clock.offset is not None and leeway_s is not None:
        # Declared is the leeway, not the rounding: a verifier that compares whole seconds shows as a finding.
        return Edges.known(leeway_s, clock.offset, clock.whole_s).aged(60.0)
    if clock.grace is not None and clock.head_start is not None and leeway_s is None:
        return Edges(clock.grace, clock.head_start).aged(60.0)
    return Edges.known(leeway_s, Bounds(-2.0, 2.0)) if leeway_s is not None else None


def _of_one(clock: ClockEstimate, leeway_s: float | None) -> Iterator[Finding]:
    name = clock.replica
    if clock.offset is None and clock.grace is None and clock.head_start is None:
        why = "; ".join(clock.doubts) or "it was not measured"
        if _UNCOMPARED in why:
            yield _problem(name, "end of a token", why, "Compare exp with the clock", Outcome.FALSE_ACCEPT)
        else:
            outcome = Outcome.PROBLEM if "contradict" in why else Outcome.NOT_CHECKED
            yield Finding(CLOCK, "offset and leeway", outcome, text=why, replica=name)
        return
    yield from _edges(clock)
    for doubt in clock.doubts:
        kept = _KEPT in doubt
        outcome = Outcome.FALSE_ACCEPT if kept or _UNCOMPARED in doubt else Outcome.PROBLEM
        row = "LIFE-04" if kept else ""
        way_out = "Keep what no clock changes, and compare the dates every time" if kept else ""
        yield Finding(CLOCK, "assumptions", outcome, text=doubt, replica=name, row=row, variant="seen", way_out=way_out)
    if clock.sound:
        yield from _offset(clock)
        yield from _leeway(clock, leeway_s)


def _edges(clock: ClockEstimate) -> Iterator[Finding]:
    edges = (("exp", "until", clock.grace, "after", "before"), ("nbf", "from", clock.head_start, "before", "after"))
    for claim, word, bounds, positive, negative in edges:
        if bounds is not None:
            side = positive if bounds.middle_s >= 0 else negative
            text = f"accepted {word} {abs(bounds.middle_s):.3f} s {side} {claim} (±{bounds.half_s:.4f} s)"
            seen = f"{bounds.middle_s:+.3f} s"
            yield Finding(CLOCK, f"edge of {claim}", Outcome.PASSED, text=text, replica=clock.replica, seen=seen)


def _offset(clock: ClockEstimate) -> Iterator[Finding]:
    offset = clock.offset
    if offset is None:
        return
    way = "ahead of" if offset.middle_s >= 0 else "behind"
    text = f"{duration(abs(offset.middle_s))} {way} this machine's (±{offset.half_s:.4f} s)"
    off = max(offset.low_s, -offset.high_s) > WELL_KEPT_S
    seen = f"{offset.middle_s:+.4f} s"
    if off:
        way_out = "Set its clock by NTP; until then tokens die early or begin late there"
        yield _problem(clock.replica, "offset", text, way_out, Outcome.PROBLEM, seen)
    else:
        yield Finding(CLOCK, "offset", Outcome.PASSED, text=text, seen=seen, replica=clock.replica)


def _leeway(clock: ClockEstimate, declared_s: float | None) -> Iterator[Finding]:
    leeway = clock.leeway
    if leeway is None:
        return
    measured_s = round(leeway.middle_s)
    text, seen = f"forgives {duration(float(measured_s))}", f"{measured_s} s"
    if declared_s is not None and not leeway.low_s - 0.5 <= declared_s <= leeway.high_s + 0.5:
        outcome = Outcome.FALSE_ACCEPT if measured_s > declared_s else Outcome.FALSE_REJECT
        wrong = f"{text}, where {duration(declared_s)} is declared"
        yield _problem(clock.replica, "leeway", wrong, "Set the leeway that you declare", outcome, seen)
    elif declared_s is None and measured_s > MOST_LEEWAY_S:
        way_out = "A minute covers clocks that NTP keeps; set it, and declare it with --leeway"
        yield _problem(clock.replica, "leeway", f"{text}: a stolen token lives longer", way_out, Outcome.PROBLEM, seen)
    else:
        yield Finding(CLOCK, "leeway", Outcome.PASSED, text=text, seen=seen, replica=clock.replica)
    if clock.whole_s:
        text = "whole seconds are compared, the last one included: a token lives up to 1 s after its end"
        finding = _problem(clock.replica, "rounding", text, "Compare numbers without rounding", Outcome.PROBLEM)
        yield replace(finding, row="TIME-22", source="RFC 7519, section 4.1.4")


def _problem(replica: str, subject: str, text: str, way_out: str, outcome: Outcome, seen: str = "") -> Finding:
    return Finding(CLOCK, subject, outcome, text=text, way_out=way_out, replica=replica, seen=seen)
