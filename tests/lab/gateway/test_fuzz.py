"""Bytes that nobody should send, at a relay in memory: no crash, no growth, and no call of another stream touched."""

import random

import pytest
from hyperframe.frame import DataFrame, HeadersFrame, SettingsFrame
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.faults import GATEWAY_FAULTS, GatewayFault, Opening
from harness.lab.gateway.frames import PREFACE, FrameKind, frame
from harness.lab.gateway.greeting import NotHttp2
from harness.lab.gateway.header_codec import Field, HeaderEncoder
from harness.lab.gateway.relay import Relay
from harness.lab.gateway.stream import CLIENT, UPSTREAM
from harness.lab.gateway.treatment import Treatment
from harness.results.wire_row import WireEnding
from tests.lab.gateway.bench import MESSAGE, REQUEST, RESPONSE, TRAILERS, Bench, Calls
from tests.lab.gateway.test_board import Connection

payloads = st.binary(max_size=30) | st.sampled_from([b"\x82", b"\x82\x86\x84", bytes(4), b"\x00\x00\x10\x00", bytes(8)])
frames = st.tuples(
    st.integers(0, 11), st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D, 255]), st.sampled_from([0, 1, 2, 3, 5, 7]), payloads
).map(lambda one: frame(*one))
moves = st.lists(st.tuples(st.sampled_from([CLIENT, UPSTREAM]), frames), max_size=40)

FAULTS: dict[str, dict[str, object]] = {
    "delay": {"request_s": 0.1, "headers_s": 0.2, "end_s": 0.3},
    "goaway": {},
    "http_answer": {},
    "limits": {"max_streams": 2, "stream_window_bytes": 5, "connection_window_bytes": 9},
    "metadata": {"action": "double", "of": "trailers"},
    "reset": {"moment": "headers"},
    "stale_token": {},
    "status": {},
    "trailers": {},
}


def treatment_of(kind: str) -> Treatment:
    treatment = Treatment()
    opening = Opening(Connection(), 1, "/a", (Field(b"authorization", b"x"),), {})
    GatewayFault.from_json({"kind": kind, **FAULTS[kind]}).touch(opening, treatment)
    return treatment


def test_every_fault_is_fuzzed() -> None:
    assert FAULTS.keys() == GATEWAY_FAULTS.keys()


@settings(max_examples=300)
@given(moves, st.sampled_from(sorted(FAULTS)) | st.none())
def test_no_sequence_of_frames_breaks_a_relay(sequence: list[tuple[int, bytes]], kind: str | None) -> None:
    calls = Calls()
    relay = Relay(None if kind is None else lambda *_: treatment_of(kind), calls)
    relay.receive(CLIENT, PREFACE, 0)
    if kind == "limits":
        relay.limit(Limits(2, 5, 9), 0)
    for at, (side, data) in enumerate(sequence):
        relay.receive(side, data, at)
        relay.wake(at * 10**8)
        if relay.broken is not None:
            break
    relay.lose(WireEnding.STOPPED, 99)
    assert relay.open_streams == len(relay.upstream.streams) == 0
    assert [lane.queued_bytes for lane in relay.lanes] == [0, 0]
    begun = {call.stream_id for call in calls.over}
    assert len(begun) == len(calls.over), "a call was told twice"


@given(st.sampled_from([CLIENT, UPSTREAM]), st.lists(st.binary(max_size=60), max_size=10))
def test_no_bytes_break_a_relay(side: int, reads: list[bytes]) -> None:
    relay = Relay()
    if side == CLIENT:
        relay.receive(CLIENT, PREFACE, 0)
    for data in reads:
        try:
            relay.receive(side, data, 0)
        except NotHttp2:
            break
        if relay.broken is not None:
            break
    relay.lose(WireEnding.STOPPED, 0)
    assert relay.open_streams == 0


@settings(max_examples=150)
@given(st.integers(0, 2**32), st.sampled_from(sorted(FAULTS)))
def test_a_fault_of_one_stream_never_touches_another(seed: int, kind: str) -> None:
    """Honest peers, calls of all lengths, windows that come late; only every second call bears the fault."""
    dice = random.Random(seed)
    bench = Bench(lambda stream: treatment_of(kind) if stream % 4 == 1 else None)
    bodies = {stream: dice.randbytes(dice.choice((5, 300, 9_000))) for stream in range(1, 41, 2)}
    for stream, body in bodies.items():
        bench.client.headers(stream)
        bench.client.data(stream, body, end=True)
        bench.client.window(0, dice.randrange(1, 50))
    bench.sleep(0.5)
    numbers = {one.stream_id for one in bench.upstream.of(HeadersFrame)}
    answers = {number: bench.upstream.body(number) for number in numbers}
    for number in dice.sample(sorted(numbers), len(numbers)):
        if bench.upstream.codes(number):
            continue
        bench.upstream.headers(number, RESPONSE)
        bench.upstream.data(number, answers[number])
        bench.upstream.headers(number, TRAILERS, end=True)
    bench.sleep(0.5)
    bench.client.window(0, 1 << 20)
    bench.sleep(0.5)
    for stream, body in bodies.items():
        if stream % 4 == 3:
            assert bench.client.body(stream) == body
            assert bench.client.blocks(stream) == [RESPONSE, TRAILERS]
            assert bench.client.is_ended(stream)
            assert bench.client.codes(stream) == []
    assert bench.relay.broken is None


@pytest.mark.parametrize("fault", [None, "status", "reset", "delay"])
def test_a_flood_of_resets_leaves_nothing_behind(fault: str | None) -> None:
    bench = Bench(None if fault is None else lambda _: treatment_of(fault))
    block = bench.client.block(REQUEST)
    repeated = bench.client.block(REQUEST)
    for stream in range(1, 10_001, 2):
        bench.relay.receive(
            CLIENT,
            frame(FrameKind.HEADERS, 4, stream, block if stream == 1 else repeated) + frame(3, 0, stream, bytes(4)),
            0,
        )
        bench.relay.upstream.take()
        bench.relay.client.take()
    assert bench.relay.open_streams == len(bench.relay.upstream.streams) == 0
    assert bench.relay.lanes[UPSTREAM].queued_bytes == 0
    assert len(bench.relay._holds) <= 256
    bench.sleep(1)
    assert bench.relay.due_ns() > bench.now_ns


def test_a_flood_of_windows_leaves_nothing_behind() -> None:
    bench = Bench(lambda stream: treatment_of("http_answer") if stream == 1 else None)
    bench.client.settings(INITIAL_WINDOW_SIZE=0)
    bench.call(1)
    for _ in range(300):
        bench.client.window(1, 1)
    assert len(bench.relay.lanes[CLIENT]._blocked) == 1 or bench.client.is_ended(1)


def test_a_flood_of_settings_that_nobody_acknowledges_is_cut_off() -> None:
    bench = Bench()
    for _ in range(20):
        if bench.relay.broken is None:
            bench.client.send(SettingsFrame(0).serialize() * 1000)
    assert bench.client.got[-1].error_code == 11
    assert len(bench.relay.upstream.awaited_acks) <= 10_000


def test_a_peer_that_fills_every_table_fills_no_memory() -> None:
    encoder, relay = HeaderEncoder(), Relay()
    relay.receive(CLIENT, PREFACE, 0)
    for stream in range(1, 4001, 2):
        fields = (Field(b"x", b"%d" % stream * 30),)
        relay.receive(CLIENT, frame(FrameKind.HEADERS, 5, stream, encoder.encode(fields)), 0)
        relay.upstream.take()
    decoder = relay.client.decoder
    assert decoder._used_bytes <= 4096
    assert len(decoder._blocks) <= 64


def test_a_server_that_answers_what_was_never_asked_harms_no_call() -> None:
    bench = Bench()
    bench.call(1)
    bench.upstream.headers(7, RESPONSE)
    bench.upstream.send(DataFrame(9, b"x"))
    bench.answer(1)
    assert bench.client.body(1) == MESSAGE
    assert bench.client.is_ended(1)
