import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.defects.oracle import Bounds, Edges, Expectation, ValidityWindow, expect

seconds = st.floats(-5000, 5000)
some_s = st.floats(0, 50)
EXACT = Edges.known(60.0, Bounds(2.0, 2.0), whole_s=0)


def accepts(window: ValidityWindow, at_s: float, offset_s: float, leeway_s: float, whole_s: int) -> bool:
    """The verifier as the standard has it, looking at its own clock at a moment of ours."""
    now_s = at_s + offset_s
    return window.begins_s - leeway_s <= now_s < window.ends_s + leeway_s + whole_s


@given(
    window=st.builds(ValidityWindow, seconds | st.just(-math.inf), seconds | st.just(math.inf)),
    sent_s=seconds,
    way_s=some_s,
    part=st.floats(0, 1),
    clock=st.tuples(seconds, some_s),
    leeway_s=st.floats(0, 300),
    whole_s=st.sampled_from((0, 1)),
)
def test_no_verifier_within_the_bounds_answers_against_it(
    window: ValidityWindow,
    sent_s: float,
    way_s: float,
    part: float,
    clock: tuple[float, float],
    leeway_s: float,
    whole_s: int,
) -> None:
    offset_s, error_s = clock
    edges = Edges.known(leeway_s, Bounds(offset_s - error_s, offset_s + error_s), None).aged(1.0)
    expected = expect(window, edges, sent_s, sent_s + way_s)
    true = accepts(window, sent_s + part * way_s, offset_s, leeway_s, whole_s)
    assert expected is Expectation.GREY or (expected is Expectation.MUST_ACCEPT) == true


@given(window=st.builds(ValidityWindow, seconds, seconds), sent_s=seconds, way_s=some_s, more_s=some_s)
def test_a_longer_way_makes_a_verdict_grey_or_leaves_it(
    window: ValidityWindow, sent_s: float, way_s: float, more_s: float
) -> None:
    shorter = expect(window, EXACT, sent_s, sent_s + way_s)
    assert expect(window, EXACT, sent_s, sent_s + way_s + more_s) in {shorter, Expectation.GREY}


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [
        (57.9, Expectation.MUST_ACCEPT),  # the leeway of 60 s less the 2 s that its clock is ahead
        (57.99, Expectation.GREY),
        (58.0, Expectation.MUST_REJECT),
    ],
)
def test_the_edge_of_the_end_is_grey_for_one_way(age_s: float, expected: Expectation) -> None:
    assert expect(ValidityWindow(ends_s=1000.0), EXACT, 1000.0 + age_s, 1000.0 + age_s + 0.05) is expected


def test_a_clock_that_is_ahead_begins_tokens_early() -> None:
    window = ValidityWindow(begins_s=1000.0)
    assert expect(window, EXACT, 938.0, 938.1) is Expectation.MUST_ACCEPT
    assert expect(window, EXACT, 937.0, 937.9) is Expectation.MUST_REJECT


def test_a_window_reads_numbers_only() -> None:
    assert ValidityWindow.of({"exp": "7", "nbf": True}) == ValidityWindow()
    assert ValidityWindow.of({"exp": 7, "nbf": 5.5}) == ValidityWindow(5.5, 7.0)
    assert ValidityWindow.of({"exp": 10**400}).ends_s == math.inf
    assert ValidityWindow.of({"exp": math.nan}) == ValidityWindow()


def test_bounds_that_age_grow_at_both_ends() -> None:
    aged = EXACT.aged(1000.0, rate_ppm=100)
    assert aged.grace == Bounds(58.0 - 0.1, 58.0 + 0.1)
    assert aged.head_start.half_s == pytest.approx(0.1)
