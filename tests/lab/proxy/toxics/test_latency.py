from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.stage import Ending
from harness.lab.proxy.toxics.latency import Latency
from tests.lab.proxy.bench import Bench


def test_each_chunk_is_late_by_the_latency_and_keeps_its_distance() -> None:
    bench = Bench()
    bench.add(Latency(200))
    for data in (b"a", b"b", b"c"):
        bench.put(data)
        bench.go(0.02)
    bench.go(1)
    assert bench.arrivals() == [(0.2, b"a"), (0.22, b"b"), (0.24, b"c")]


def test_delays_of_two_in_a_chain_add_up() -> None:
    bench = Bench()
    bench.add(Latency(200))
    bench.add(Latency(150))
    bench.put(b"a")
    bench.go(1)
    assert bench.arrivals() == [(0.35, b"a")]


def test_a_late_chunk_holds_up_what_is_behind_it() -> None:
    bench = Bench()
    bench.add(Latency(100, 90), seed=2)
    for index in range(50):
        bench.put(bytes([index]))
        bench.go(0.001)
    bench.go(1)
    assert b"".join(data for _, data in bench.arrivals()) == bytes(range(50))


def test_a_new_latency_holds_for_what_is_waiting() -> None:
    bench = Bench()
    bench.add(Latency(10_000))
    bench.put(b"a")
    bench.go(0.5)
    bench.change(Latency(700))
    bench.go(1)
    assert bench.arrivals() == [(0.7, b"a")]


def test_removal_releases_what_is_waiting_at_once() -> None:
    bench = Bench()
    bench.add(Latency(10_000))
    bench.put(b"a")
    bench.put(b"b")
    bench.go(0.5)
    bench.remove()
    assert bench.arrivals() == [(0.5, b"a"), (0.5, b"b")]


def test_the_end_waits_for_the_data_before_it_and_no_longer() -> None:
    bench = Bench()
    bench.add(Latency(200))
    bench.put(Ending.EOF)
    assert bench.drain.endings == [Ending.EOF]


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers())
def test_a_draw_lies_within_the_jitter(latency_ms: int, jitter_ms: int, seed: int) -> None:
    delay_s = Latency(latency_ms, jitter_ms).draw_s(Random(seed))
    assert latency_ms - jitter_ms <= round(delay_s * 1e3) < latency_ms + jitter_ms


def test_a_jitter_above_the_latency_lets_part_through_at_once() -> None:
    dice = Random(1)
    draws = [Latency(10, 100).draw_s(dice) for _ in range(2000)]
    assert 0.4 < sum(draw <= 0 for draw in draws) / len(draws) < 0.5
