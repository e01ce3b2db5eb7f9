from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.clock import ManualClock, SkewedClock

skews = st.floats(-1e6, 1e6)


def clocks() -> tuple[ManualClock, SkewedClock]:
    hand = ManualClock(1_000.0)
    return hand, SkewedClock(wall=hand, monotonic=hand)


def test_a_skewed_clock_shows_the_machines_time_until_it_is_moved() -> None:
    hand, skewed = clocks()
    hand.advance(50)
    assert skewed() == hand()
    assert skewed.offset_s() == 0


@given(skews, st.floats(0, 1e6))
def test_a_skew_stays_what_it_is(skew_s: float, later_s: float) -> None:
    hand, skewed = clocks()
    skewed.move(skew_s)
    hand.advance(later_s)
    assert skewed.offset_s() == skew_s
    assert skewed() == hand() + skew_s


def test_a_drift_grows_from_the_moment_it_is_set() -> None:
    hand, skewed = clocks()
    hand.advance(500)
    skewed.move(2.0, rate_ppm=100_000)
    assert skewed.offset_s() == 2.0
    hand.advance(10)
    assert skewed.offset_s() == 3.0


def test_moving_back_ends_skew_and_drift() -> None:
    hand, skewed = clocks()
    skewed.move(2.0, rate_ppm=100_000)
    hand.advance(10)
    skewed.move(0.0)
    hand.advance(10)
    assert skewed() == hand()


def test_utc_now_knows_its_zone() -> None:
    assert clock.utc_now().tzname() == "UTC"
