"""The pipe: whatever toxics come, change and go, bytes arrive once and in order."""

from collections.abc import Callable
from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.lab.proxy.stage import NEVER_S, Ending, Stage
from harness.lab.proxy.toxics import Toxic
from harness.lab.proxy.toxics.bandwidth import Bandwidth
from harness.lab.proxy.toxics.latency import Latency
from harness.lab.proxy.toxics.noop import Noop
from harness.lab.proxy.toxics.reset_peer import ResetPeer
from harness.lab.proxy.toxics.slicer import Slicer
from harness.lab.proxy.toxics.slow_close import SlowClose
from harness.lab.proxy.toxics.timeout import Timeout
from tests.lab.proxy.bench import Bench

FOREVER_S = 5e6

KEEPING = st.one_of(
    st.builds(Noop),
    st.builds(Latency, st.integers(0, 2000), st.integers(0, 2000)),
    st.builds(Bandwidth, st.integers(0, 50)),
    st.builds(SlowClose, st.integers(0, 2000)),
    st.builds(Slicer, st.integers(1, 60), st.integers(0, 30), st.integers(0, 3000)),
    st.builds(ResetPeer, st.just(10**9)),
)
"""Toxics that lose nothing, in all their settings."""

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 300)),
        st.tuples(st.just("go"), st.floats(0, 3)),
        st.tuples(st.just("stall"), st.booleans()),
        st.tuples(st.just("add"), KEEPING),
        st.tuples(st.just("change"), KEEPING),
        st.tuples(st.just("remove"), st.integers(0, 5)),
    ),
    max_size=40,
)


def _put(bench: Bench, size: int, sent: bytearray) -> None:
    data = bytes((len(sent) + i) % 251 for i in range(size))
    sent += data
    bench.put(data)


def _change(bench: Bench, toxic: Toxic) -> None:
    for stage in bench.pipe.stages.values():
        if stage.toxic.kind == toxic.kind:
            stage.change(toxic, bench.now_s)
            bench.pipe.pump(bench.now_s)


def _remove(bench: Bench, index: int) -> None:
    serials = _serials(bench)
    if serials:
        bench.pipe.remove(serials[index % len(serials)], bench.now_s)


def _serials(bench: Bench) -> list[int]:
    """Return the toxics in the pipe, without what removed ones left behind."""
    return [int(place) for place in bench.pipe.stages if place % 1 == 0]


def _play(bench: Bench, steps: list[tuple[str, Any]], sent: bytearray) -> None:
    moves: dict[str, Callable[[Any], object]] = {
        "put": lambda size: _put(bench, size, sent),
        "go": bench.go,
        "stall": lambda stalled: setattr(bench.drain, "stalled", stalled),
        "add": bench.add,
        "change": lambda toxic: _change(bench, toxic),
        "remove": lambda index: _remove(bench, index),
    }
    for name, argument in steps:
        moves[name](argument)
        assert sent.startswith(bytes(bench.drain.data)), name


@given(STEPS)
def test_no_byte_is_lost_or_reordered_whatever_is_added_changed_and_removed(steps: list[tuple[str, Any]]) -> None:
    bench, sent = Bench(), bytearray()
    _play(bench, steps, sent)
    bench.drain.stalled = False
    bench.put(Ending.EOF)
    while _serials(bench):
        _remove(bench, 0)
    assert not bench.pipe.stages
    assert bytes(bench.drain.data) == bytes(sent)
    assert bench.drain.endings == [Ending.EOF]
    assert bench.budget.used_bytes == 0


@given(STEPS)
def test_everything_arrives_in_the_end_without_a_removal(steps: list[tuple[str, Any]]) -> None:
    bench, sent = Bench(), bytearray()
    _play(bench, steps, sent)
    bench.drain.stalled = False
    bench.pipe.pump(bench.now_s)
    stuck = any(stage.toxic in {Bandwidth(0), ResetPeer(10**9)} for stage in bench.pipe.stages.values())
    bench.go(FOREVER_S)
    assert stuck or bytes(bench.drain.data) == bytes(sent)


@given(STEPS)
def test_a_pipe_that_waits_knows_when_it_goes_on(steps: list[tuple[str, Any]]) -> None:
    bench = Bench()
    _play(bench, steps, bytearray())
    bench.pipe.pump(bench.now_s)
    assert bench.pipe.due_s() > bench.now_s


@given(STEPS)
def test_what_is_thrown_away_is_given_back_to_the_budget(steps: list[tuple[str, Any]]) -> None:
    bench = Bench()
    _play(bench, steps, bytearray())
    bench.pipe.discard()
    assert bench.budget.used_bytes == 0
    assert bench.pipe.due_s() == NEVER_S


def test_a_close_reaches_a_peer_that_has_stopped_reading() -> None:
    bench = Bench()
    bench.add(Timeout(100))
    bench.add(Noop())
    bench.drain.stalled = True
    bench.put(b"abc")
    bench.go(1)
    assert bench.drain.endings == [Ending.CLOSE]


def test_a_reset_overtakes_what_a_stalled_peer_has_not_taken() -> None:
    bench = Bench()
    bench.add(ResetPeer(100))
    bench.add(Latency(1000))
    bench.drain.stalled = True
    bench.put(b"abc")
    bench.go(0.2)
    assert bench.drain.endings == [Ending.RESET]
    assert not bench.drain.data


def test_a_stalled_outlet_stops_the_sender_and_bounds_what_is_held() -> None:
    bench = Bench()
    bench.add(Latency(10))
    bench.add(Noop())
    bench.drain.stalled = True
    put_bytes = 0
    while bench.pipe.has_room():
        bench.put(bytes(65536))
        bench.go(0.001)
        put_bytes += 65536
        assert put_bytes < 64 * 1024 * 1024
    assert bench.budget.used_bytes <= put_bytes * 1.1


def test_beyond_the_budget_of_all_each_stage_holds_little() -> None:
    bench = Bench()
    bench.budget.limit_bytes = 100_000
    bench.add(Latency(1000))
    while bench.pipe.has_room():
        bench.put(bytes(10_000))
    assert bench.budget.used_bytes < 200_000


def test_toxics_that_come_and_go_before_a_stalled_peer_pile_nothing_up() -> None:
    bench = Bench()
    bench.drain.stalled = True
    for _ in range(20):
        bench.add(Latency(0))
        while bench.pipe.has_room() and bench.budget.used_bytes < 500_000_000:
            bench.put(bytes(262_144))
        bench.remove()
        assert not bench.drain.data
    assert bench.budget.used_bytes < 80 * 1024 * 1024
    bench.drain.stalled = False
    bench.pipe.pump(bench.now_s)
    assert not bench.pipe.stages


def test_small_writes_are_bounded_too() -> None:
    bench = Bench()
    bench.add(Latency(10_000))
    count = 0
    while bench.pipe.has_room():
        bench.put(b"x")
        count += 1
    assert count < 200_000


def test_stages_work_in_the_order_of_their_serial_numbers() -> None:
    bench = Bench()
    bench.serial = 5
    bench.add(Slicer(1, 0, 0))
    late: Stage[Any] = Latency(1000).stage(Random(0), bench.budget, bench.now_s)
    bench.pipe.insert(3, late, bench.now_s)
    bench.put(b"abc")
    bench.go(0.5)
    assert bench.drain.arrivals == []
    bench.go(0.6)
    assert [data for _, data in bench.drain.arrivals] == [b"a", b"b", b"c"]
