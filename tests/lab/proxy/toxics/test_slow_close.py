from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.slow_close import SlowClose
from tests.lab.proxy.bench import Bench


def test_data_is_on_time_and_the_end_late() -> None:
    bench = Bench()
    bench.add(SlowClose(800))
    bench.put(b"abc")
    bench.go(1)
    bench.put(Ending.EOF)
    bench.go(0.7)
    assert bench.arrivals() == [(0.0, b"abc")]
    assert bench.drain.endings == []
    bench.go(0.2)
    assert bench.drain.endings == [Ending.EOF]


def test_a_change_holds_for_an_end_that_waits() -> None:
    bench = Bench()
    bench.add(SlowClose(10**6))
    bench.put(Ending.CLOSE)
    bench.go(1)
    bench.change(SlowClose(500))
    assert bench.drain.endings == [Ending.CLOSE]


def test_removal_lets_the_end_pass() -> None:
    bench = Bench()
    bench.add(SlowClose(10**6))
    bench.put(Ending.EOF)
    bench.remove()
    assert bench.drain.endings == [Ending.EOF]
