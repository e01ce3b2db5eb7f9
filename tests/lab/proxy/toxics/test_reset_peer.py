from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.reset_peer import ResetPeer
from tests.lab.proxy.bench import Bench


def test_it_resets_after_the_first_byte_and_the_timeout() -> None:
    bench = Bench()
    bench.add(ResetPeer(100))
    bench.put(b"a")
    bench.go(0.05)
    bench.put(b"b")
    assert bench.drain.endings == []
    bench.go(0.06)
    assert bench.drain.endings == [Ending.RESET]
    assert not bench.drain.data
    assert bench.budget.used_bytes == 0


def test_an_idle_connection_is_left_alone() -> None:
    bench = Bench()
    bench.add(ResetPeer(0))
    bench.go(1e6)
    assert bench.drain.endings == []


def test_nothing_is_held_after_the_reset() -> None:
    bench = Bench()
    bench.add(ResetPeer(0))
    bench.put(b"a")
    bench.put(b"b")
    bench.put(Ending.CLOSE)
    assert bench.drain.endings == [Ending.RESET]
    assert bench.budget.used_bytes == 0


def test_removal_in_time_hands_the_bytes_on() -> None:
    bench = Bench()
    bench.add(ResetPeer(1000))
    bench.put(b"a")
    bench.put(b"b")
    bench.go(0.5)
    bench.remove()
    bench.go(10)
    assert bytes(bench.drain.data) == b"ab"
    assert bench.drain.endings == []
