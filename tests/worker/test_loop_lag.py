import gevent

from harness.worker.loop_lag import LoopLag, LoopMeter
from tests.worker.test_pacer import in_a_hub_of_its_own


def test_a_meter_that_measured_nothing_says_zero() -> None:
    assert LoopMeter().stop() == LoopLag(0.0, 0.0, 0.0)


def test_median_tail_and_maximum_are_of_what_was_measured() -> None:
    meter = LoopMeter()
    meter._lags_s = [lag / 1000 for lag in reversed(range(200))]
    assert meter.stop() == LoopLag(0.1, 0.198, 0.199)


def test_a_loop_that_is_held_up_is_measured_late() -> None:
    def hold_up() -> LoopLag:
        meter = LoopMeter()
        meter.start()
        gevent.sleep(0)
        while not meter._lags_s:
            hold_until = gevent.get_hub().loop.now() + 0.2
            while gevent.get_hub().loop.now() < hold_until:
                gevent.get_hub().loop.update_now()
            gevent.sleep(0.001)
        return meter.stop()

    assert in_a_hub_of_its_own(hold_up).max_s > 0.1
