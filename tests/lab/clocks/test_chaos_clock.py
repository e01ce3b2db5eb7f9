import pytest

from harness.clock import ManualClock
from harness.lab.clocks.chaos_clock import ChaosClock, number


def test_a_moved_clock_tells_offset_and_rate() -> None:
    wall, monotonic = ManualClock(1000.0), ManualClock(50.0)
    clock = ChaosClock(wall, monotonic)
    assert clock.order(skew_s=-3, rate_ppm=100_000)["skew_s"] == -3.0
    wall.advance(10)
    monotonic.advance(10)
    state = clock.state()
    assert (state["offset_s"], state["rate_ppm"], state["wall_s"]) == (-2.0, 100_000.0, 1008.0)


@pytest.mark.parametrize("value", ["1", None, True, float("nan"), float("inf"), 10**400, [1]])
def test_what_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(ValueError, match="skew_s is no number"):
        number("skew_s", value)


def test_a_number_under_its_least_is_refused() -> None:
    with pytest.raises(ValueError, match="delay_s=-1 is under 0"):
        number("delay_s", -1, 0)
