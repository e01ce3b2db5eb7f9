import pytest

from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.bandwidth import Bandwidth
from tests.lab.proxy.bench import Bench


def test_data_takes_its_size_over_the_rate() -> None:
    bench = Bench()
    bench.add(Bandwidth(100))
    bench.put(bytes(200_000))
    bench.go(1.95)
    assert len(bench.drain.data) == 190_000
    bench.go(0.1)
    assert bench.arrivals()[-1][0] == pytest.approx(2.0)


def test_a_late_timer_does_not_lower_the_rate() -> None:
    bench = Bench()
    bench.add(Bandwidth(100))
    bench.put(bytes(100_000))
    for _ in range(40):
        bench.now_s += 0.0301
        bench.pipe.pump(bench.now_s)
    assert len(bench.drain.data) == 100_000


def test_a_stall_is_not_made_up_for_by_a_burst() -> None:
    bench = Bench()
    bench.add(Bandwidth(100))
    bench.drain.stalled = True
    bench.put(bytes(100_000))
    bench.go(60)
    bench.drain.stalled = False
    bench.pipe.pump(bench.now_s)
    assert len(bench.drain.data) <= 30_000


def test_a_rate_of_zero_lets_nothing_through_until_it_changes() -> None:
    bench = Bench()
    bench.add(Bandwidth(0))
    bench.put(b"abc")
    bench.go(3600)
    assert not bench.drain.data
    bench.change(Bandwidth(1000))
    bench.go(1)
    assert bytes(bench.drain.data) == b"abc"


def test_the_end_waits_for_the_data() -> None:
    bench = Bench()
    bench.add(Bandwidth(1))
    bench.put(bytes(1000))
    bench.put(Ending.EOF)
    bench.go(0.9)
    assert bench.drain.endings == []
    bench.go(0.2)
    assert bench.drain.endings == [Ending.EOF]


def test_the_sender_feels_the_back_pressure() -> None:
    bench = Bench()
    bench.add(Bandwidth(1))
    bench.put(bytes(100_000))
    assert not bench.pipe.has_room()
