from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.timeout import Timeout
from tests.lab.proxy.bench import Bench


def test_it_drops_everything_and_closes_after_the_silence() -> None:
    bench = Bench()
    bench.add(Timeout(500))
    bench.go(0.4)
    assert bench.drain.endings == []
    bench.go(0.2)
    assert bench.drain.endings == [Ending.CLOSE]
    assert not bench.drain.data


def test_each_chunk_starts_the_silence_anew() -> None:
    bench = Bench()
    bench.add(Timeout(500))
    for _ in range(10):
        bench.put(b"a")
        bench.go(0.4)
    assert bench.drain.endings == []
    bench.go(0.2)
    assert bench.drain.endings == [Ending.CLOSE]


def test_data_that_comes_too_late_does_not_save_the_connection() -> None:
    bench = Bench()
    bench.add(Timeout(500))
    bench.now_s += 0.6
    bench.put(b"a")
    assert bench.drain.endings == [Ending.CLOSE]


def test_zero_never_closes() -> None:
    bench = Bench()
    bench.add(Timeout(0))
    bench.put(b"a")
    bench.go(1e6)
    assert bench.drain.endings == []


def test_removal_closes_because_bytes_were_lost() -> None:
    bench = Bench()
    bench.add(Timeout(0))
    bench.remove()
    assert bench.drain.endings == [Ending.CLOSE]


def test_the_end_of_the_sender_passes() -> None:
    bench = Bench()
    bench.add(Timeout(0))
    bench.put(Ending.EOF)
    assert bench.drain.endings == [Ending.EOF]


def test_a_change_starts_the_time_anew() -> None:
    bench = Bench()
    bench.add(Timeout(0))
    bench.go(100)
    bench.change(Timeout(500))
    bench.go(0.4)
    assert bench.drain.endings == []
    bench.go(0.2)
    assert bench.drain.endings == [Ending.CLOSE]
