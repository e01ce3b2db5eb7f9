from dataclasses import replace

import pytest

from harness.defects.oracle import Bounds, Edges
from harness.probe.parts.clock_findings import clock_findings, known_edges
from harness.probe.result import ClockEstimate, Outcome


def near(value: float) -> Bounds:
    return Bounds(value - 0.001, value + 0.001)


def clock(offset_s: float = 0.0, leeway_s: float = 0.0, whole_s: int = 0, replica: str = "a") -> ClockEstimate:
    return ClockEstimate(
        replica,
        "2026-01-01T00:00:00+00:00",
        near(leeway_s + whole_s - offset_s),
        near(leeway_s + offset_s),
        near(offset_s),
        near(leeway_s),
        whole_s,
    )


def found(*clocks: ClockEstimate, leeway_s: float | None = None) -> dict[str, Outcome]:
    return {one.subject: one.outcome for one in clock_findings(clocks, leeway_s) if one.found}


def test_a_clock_that_is_kept_is_no_finding() -> None:
    assert found(clock(0.3, 60)) == {}


@pytest.mark.parametrize("offset_s", [-37.25, 2.0])
def test_a_clock_that_is_off_is_one(offset_s: float) -> None:
    assert found(clock(offset_s)) == {"offset": Outcome.PROBLEM}


def test_minutes_of_leeway_are_one_unless_they_are_declared() -> None:
    assert found(clock(leeway_s=300)) == {"leeway": Outcome.PROBLEM}
    assert found(clock(leeway_s=300), leeway_s=300) == {}


def test_another_leeway_than_the_declared_one_lets_in_or_turns_away() -> None:
    assert found(clock(leeway_s=60), leeway_s=0) == {"leeway": Outcome.FALSE_ACCEPT}
    assert found(clock(leeway_s=0), leeway_s=60) == {"leeway": Outcome.FALSE_REJECT}


def test_whole_seconds_are_one() -> None:
    assert found(clock(whole_s=1)) == {"rounding": Outcome.PROBLEM}


def test_replicas_whose_clocks_disagree_are_named() -> None:
    findings = clock_findings([clock(replica="a"), clock(0.5, replica="b")])
    assert [one.text for one in findings if one.found] == ["a and b have clocks at least 0.498 s apart"]


def test_an_end_that_is_not_compared_lets_in() -> None:
    doubt = "exp is not compared: every date was accepted"
    assert found(ClockEstimate("a", "", doubts=(doubt,))) == {"end of a token": Outcome.FALSE_ACCEPT}
    assert found(ClockEstimate("a", "", head_start=near(0), doubts=(doubt,))) == {"assumptions": Outcome.FALSE_ACCEPT}


def test_what_cannot_be_measured_is_not_checked() -> None:
    (finding,) = clock_findings([ClockEstimate("a", "", doubts=("no signing key",))])
    assert (finding.outcome, finding.text) == (Outcome.NOT_CHECKED, "no signing key")


def test_two_clocks_at_one_address_are_a_problem() -> None:
    assert found(ClockEstimate("a", "", doubts=("answers to exp contradict each other by 1 s",))) == {
        "offset and leeway": Outcome.PROBLEM
    }


def test_declared_leeway_is_judged_by_the_measured_clock() -> None:
    edges = known_edges(clock(2.0, 60), leeway_s=5.0)
    assert edges is not None
    assert edges.grace.middle_s == pytest.approx(3.0)
    assert edges.head_start.middle_s == pytest.approx(7.0)


def test_without_a_declaration_what_was_measured_is_right() -> None:
    measured = clock(2.0, 60)
    edges = known_edges(measured)
    assert edges is not None
    assert edges.grace.middle_s == pytest.approx(58.0)
    assert known_edges(replace(measured, grace=None)) is None


def test_a_declared_leeway_alone_leaves_clocks_room() -> None:
    assert known_edges(ClockEstimate("", ""), 60.0) == Edges.known(60.0, Bounds(-2.0, 2.0))


def test_edges_are_told_on_the_side_where_they_lie() -> None:
    texts = {one.subject: one.text for one in clock_findings([clock(-37.25, 5)])}
    assert texts["edge of exp"] == "accepted until 42.250 s after exp (±0.0010 s)"
    assert texts["edge of nbf"] == "accepted from 32.250 s after nbf (±0.0010 s)"
