"""GOAWAY: calls in flight finish, new calls find a new connection, and what was not taken may go again."""

from collections.abc import Callable

import pytest

from transport.tests.calling import Target, call_kept, close_kept, open_kept
from transport.tests.client import Client
from transport.tests.peer import Kind, Peer, Play, Reset, Wire, frame, number
from transport.tests.test_reconnect import QUICK


def goaway(last_stream: int, code: int = Reset.NO_ERROR, text: bytes = b"") -> bytes:
    """Return a GOAWAY frame."""
    return frame(Kind.GOAWAY, payload=number(last_stream) + number(code) + text)


def serve(wire: Wire) -> None:
    """Answer every call."""
    while True:
        wire.await_call()
        wire.send(wire.answer())


@pytest.mark.parametrize("last", ["this call", "any"])
def test_a_call_in_flight_finishes_and_the_next_goes_elsewhere(
    client: Client, play: Callable[[Play], Peer], last: str
) -> None:
    def leave(wire: Wire) -> None:
        wire.greet()
        if peer.accepted > 1:
            serve(wire)
        wire.await_call()
        wire.send(goaway(wire.stream if last == "this call" else 0x7FFFFFFF))
        wire.send(wire.answer(b"last"))
        wire.hold()

    peer = play(leave)
    channel = client.run(open_kept, Target(peer.address, QUICK))
    outcome = client.run(call_kept, channel)
    assert (outcome.code, outcome.messages) == ("OK", (b"last",))
    assert client.run(call_kept, channel, wait_for_ready=True).messages == (b"ok",)
    assert peer.accepted == 2
    client.run(close_kept, channel)


def test_a_goaway_between_calls_costs_none(client: Client, play: Callable[[Play], Peer]) -> None:
    def leave(wire: Wire) -> None:
        wire.greet()
        if peer.accepted > 2:
            serve(wire)
        wire.await_call()
        wire.send(wire.answer() + goaway(wire.stream))
        wire.hold()

    peer = play(leave)
    channel = client.run(open_kept, Target(peer.address, QUICK))
    codes = [client.run(call_kept, channel).code for _ in range(4)]
    assert codes == ["OK"] * 4
    client.run(close_kept, channel)


def test_a_call_that_the_server_did_not_take_goes_again_unseen(client: Client, play: Callable[[Play], Peer]) -> None:
    def refuse_first(wire: Wire) -> None:
        wire.greet()
        if peer.accepted > 1:
            serve(wire)
        wire.await_call()
        wire.send(goaway(0))
        wire.hold()

    peer = play(refuse_first)
    channel = client.run(open_kept, Target(peer.address, QUICK))
    assert client.run(call_kept, channel).code == "OK"
    assert peer.accepted == 2
    client.run(close_kept, channel)


def test_an_error_goaway_ends_the_calls_and_says_why(client: Client, play: Callable[[Play], Peer]) -> None:
    def throw_out(wire: Wire) -> None:
        wire.greet()
        wire.await_call()
        wire.send(goaway(wire.stream, Reset.ENHANCE_YOUR_CALM, b"too_many_pings"))

    channel = client.run(open_kept, Target(play(throw_out).address, QUICK))
    outcome = client.run(call_kept, channel)
    assert outcome.code == "UNAVAILABLE"
    client.run(close_kept, channel)


def test_the_server_may_limit_the_calls_at_once(client: Client, play: Callable[[Play], Peer]) -> None:
    together: list[int] = []

    def one_at_a_time(wire: Wire) -> None:
        wire.greet(s3=1)
        while True:
            together.append(wire.await_call())
            wire.send(wire.answer())

    channel = client.run(open_kept, Target(play(one_at_a_time).address))
    assert client.run(call_kept, channel).code == "OK"
    calls = [client.start(call_kept, channel) for _ in range(10)]
    assert [call.result().code for call in calls] == ["OK"] * 10
    assert together == sorted(set(together))
    client.run(close_kept, channel)
