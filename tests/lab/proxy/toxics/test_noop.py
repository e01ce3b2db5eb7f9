from harness.lab.proxy.toxics.noop import Noop
from tests.lab.proxy.bench import Bench


def test_it_hands_everything_on_at_once() -> None:
    bench = Bench()
    bench.add(Noop())
    bench.put(b"abc")
    assert bench.arrivals() == [(0.0, b"abc")]
