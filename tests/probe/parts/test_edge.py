import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.probe.parts.edge import EXP, FARTHEST_S, NBF, Ask, EdgeSide, Search, Seen
from tests.probe.parts.verifier_model import Model, run

sides = pytest.mark.parametrize("side", [EXP, NBF], ids=lambda side: side.claim)


def true_edge(model: Model, side: EdgeSide) -> float:
    offset_s = model.offsets_s[0]
    return model.leeway_s + model.whole_s - offset_s if side is EXP else model.leeway_s + offset_s


@settings(max_examples=60, deadline=None)
@given(
    offset_s=st.floats(-3000, 3000),
    leeway_s=st.sampled_from((0, 5, 60, 300)),
    whole_s=st.sampled_from((0, 1)),
    out_s=st.floats(0.0003, 0.1),
    back_s=st.floats(0.0003, 0.1),
    side=st.sampled_from((EXP, NBF)),
)
def test_the_edge_lies_within_bounds_that_are_near_the_round_trip(
    offset_s: float, leeway_s: int, whole_s: int, out_s: float, back_s: float, side: EdgeSide
) -> None:
    model = Model([offset_s], leeway_s, whole_s, out_s, back_s)
    bounds = run(model, side).bounds
    assert bounds is not None
    assert bounds.low_s - 1e-6 <= true_edge(model, side) <= bounds.high_s + 1e-6
    assert bounds.high_s - bounds.low_s <= 1.5 * (out_s + back_s) + 0.012
    assert model.calls < 150


@sides
def test_a_search_takes_few_seconds(side: EdgeSide) -> None:
    model = Model([-37.25], 60, out_s=0.02, back_s=0.02)
    began_s = model.now_s
    run(model, side)
    assert model.now_s - began_s < 4.5


@sides
def test_two_clocks_contradict_each_other(side: EdgeSide) -> None:
    search = run(Model([0.0, 1.5]), side)
    assert search.contradiction_s > 0.5
    assert search.bounds is None


@sides
@pytest.mark.parametrize("accepted", [True, False])
def test_a_date_that_nobody_compares_has_no_edge(side: EdgeSide, accepted: bool) -> None:
    model = Model()

    def always(_: EdgeSide, ask: Ask) -> Seen:
        return Seen(ask.date_s, model.now_s, model.now_s + 0.01, accepted)

    search = run(model, side, always)
    assert search.bounds is None
    assert not search.contradiction_s
    assert (search.low_s if accepted else -search.high_s) > FARTHEST_S - 2


@sides
@given(distance_s=st.floats(-5000, 5000), after_s=st.floats(1.7e9, 1.9e9))
def test_at_its_moment_a_whole_date_has_the_distance(side: EdgeSide, distance_s: float, after_s: float) -> None:
    at_s = side.moment(distance_s, after_s)
    assert after_s - 1e-6 <= at_s <= after_s + 1.0 + 1e-6
    assert side.sign * (at_s - side.date(distance_s, at_s)) == pytest.approx(distance_s, abs=1e-5)


def test_an_answer_bounds_the_edge_by_the_whole_time_of_its_call() -> None:
    search = Search(EXP)
    search.take([Seen(100, 99.0, 99.5, accepted=True), Seen(100, 100.25, 101.0, accepted=False)])
    assert (search.low_s, search.high_s, search.rtt_s) == (-1.0, 1.0, 0.5)
