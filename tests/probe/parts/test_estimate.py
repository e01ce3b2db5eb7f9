from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.defects.oracle import Bounds
from harness.probe.parts.estimate import conclude, disagreements, drift, with_drift
from harness.probe.result import ClockEstimate
from tests.probe.parts.verifier_model import Model, both


def measured(model: Model) -> ClockEstimate:
    exp, nbf = both(model)
    return conclude(ClockEstimate("one", "", exp.bounds, nbf.bounds))


@settings(max_examples=60, deadline=None)
@given(
    offset_s=st.floats(-3000, 3000),
    leeway_s=st.sampled_from((0, 5, 60, 300)),
    whole_s=st.sampled_from((0, 1)),
    out_s=st.floats(0.0003, 0.1),
    back_s=st.floats(0.0003, 0.1),
)
def test_offset_leeway_and_rounding_are_found_whatever_the_ways_take(
    offset_s: float, leeway_s: int, whole_s: int, out_s: float, back_s: float
) -> None:
    found = measured(Model([offset_s], leeway_s, whole_s, out_s, back_s))
    assert found.offset is not None
    assert found.leeway is not None
    assert found.offset.low_s - 1e-6 <= offset_s <= found.offset.high_s + 1e-6
    assert found.leeway.low_s - 1e-6 <= leeway_s <= found.leeway.high_s + 1e-6
    assert found.whole_s == whole_s
    assert found.offset.half_s <= (out_s + back_s) * 0.75 + 0.006


def test_a_slow_way_out_shifts_the_offset_and_not_the_leeway() -> None:
    found = measured(Model([-0.111], 5, out_s=0.040, back_s=0.002))
    assert found.offset is not None
    assert found.leeway is not None
    assert found.offset.middle_s - -0.111 == pytest.approx((0.040 - 0.002) / 2, abs=0.004)
    assert found.leeway.middle_s == pytest.approx(5, abs=0.004)


@pytest.mark.parametrize(("grace_s", "head_s", "word"), [(0.0, 60.0, "exp"), (60.0, 0.0, "nbf")])
def test_leeways_that_differ_are_doubted(grace_s: float, head_s: float, word: str) -> None:
    found = conclude(ClockEstimate("", "", Bounds(grace_s, grace_s + 0.01), Bounds(head_s - 0.01, head_s)))
    assert not found.sound
    assert f"edge of {word} lies" in found.doubts[0]


def test_a_leeway_of_broken_seconds_is_said_to_be_unknown() -> None:
    found = conclude(ClockEstimate("", "", Bounds(0.20, 0.21), Bounds(0.20, 0.21)))
    assert found.offset is None
    assert "no whole number" in found.doubts[0]


def test_a_network_of_seconds_leaves_the_rounding_open() -> None:
    found = conclude(ClockEstimate("", "", Bounds(0, 2), Bounds(0, 2)))
    assert found.offset is None
    assert "too slow" in found.doubts[0]


def test_an_edge_alone_gives_no_offset() -> None:
    assert conclude(ClockEstimate("", "", Bounds(0, 0.1))).offset is None


def test_drift_is_bounded_by_both_measurements() -> None:
    then, now = (ClockEstimate("", "", offset=Bounds(at - 0.001, at + 0.001)) for at in (0.0, 0.006))
    found = drift(then, now, 60.0)
    assert found is not None
    assert found.middle_s == pytest.approx(100)
    assert found.half_s == pytest.approx(0.002 / 60 * 1e6)
    assert drift(then, ClockEstimate("", ""), 60.0) is None


def test_replicas_are_named_where_no_clock_explains_both() -> None:
    clocks = [ClockEstimate(name, "", offset=Bounds(at, at + 0.01)) for name, at in (("a", 0), ("b", 0.005), ("c", 90))]
    assert disagreements(tuple(clocks)) == [
        "a and c have clocks at least 89.990 s apart",
        "b and c have clocks at least 89.985 s apart",
    ]


def test_an_earlier_probe_of_the_same_replica_tells_the_drift() -> None:
    then = ClockEstimate("a", "2026-01-01T00:00:00+00:00", offset=Bounds(0.0, 0.0))
    now = ClockEstimate("a", "2026-01-01T00:01:40+00:00", offset=Bounds(0.01, 0.01))

    def seconds(utc: str) -> float:
        return datetime.fromisoformat(utc).timestamp()

    found = with_drift(now, [then], seconds).drift_ppm
    assert found is not None
    assert found.middle_s == pytest.approx(100)
    assert with_drift(replace(now, replica="b"), [then], seconds).drift_ppm is None
