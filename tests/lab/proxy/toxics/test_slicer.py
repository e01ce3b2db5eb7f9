from random import Random

from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.toxics.slicer import Slicer
from tests.lab.proxy.bench import Bench


@given(st.integers(1, 100), st.integers(0, 100), st.integers())
def test_a_piece_is_the_average_give_or_take_the_variation(average: int, variation: int, seed: int) -> None:
    size = Slicer(average, min(variation, average)).draw_bytes(Random(seed))
    assert max(1, average - variation) <= size <= average + variation


@given(st.binary(min_size=1, max_size=500), st.integers(1, 50), st.integers(0, 1000))
def test_pieces_make_up_what_was_sent(data: bytes, average: int, delay_us: int) -> None:
    bench = Bench()
    bench.add(Slicer(average, average // 2, delay_us))
    bench.put(data)
    bench.go(10)
    assert bytes(bench.drain.data) == data
    assert all(len(piece) <= average + average // 2 for _, piece in bench.arrivals())


def test_pieces_are_apart_by_the_delay() -> None:
    bench = Bench()
    bench.add(Slicer(1, 0, 10_000))
    bench.put(b"abc")
    bench.go(1)
    assert bench.arrivals() == [(0.0, b"a"), (0.01, b"b"), (0.02, b"c")]


def test_without_a_delay_each_piece_has_a_turn_of_its_own() -> None:
    bench = Bench()
    bench.add(Slicer(1, 0, 0))
    bench.put(b"abc")
    assert [data for _, data in bench.arrivals()] == [b"a"]
    bench.go(0)
    bench.go(0.001)
    assert [data for _, data in bench.arrivals()] == [b"a", b"b", b"c"]


def test_removal_hands_on_the_rest_of_a_chunk() -> None:
    bench = Bench()
    bench.add(Slicer(2, 0, 10**6))
    bench.put(b"abcdef")
    bench.put(b"ghi")
    bench.remove()
    assert bytes(bench.drain.data) == b"abcdefghi"


def test_sizes_that_crash_the_original_are_mistakes() -> None:
    assert "average_size: 0 is under 1" in Slicer().mistakes()[0]
    assert "size_variation: 9 is over average_size 5" in Slicer(5, 9).mistakes()[0]
    assert not Slicer(5, 5).mistakes()


@given(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62), st.integers())
def test_no_size_breaks_it_where_strict_mode_takes_them_all(average: int, variation: int, seed: int) -> None:
    assert Slicer(average, variation).draw_bytes(Random(seed)) >= 1
