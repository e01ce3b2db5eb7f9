"""All four kinds of call, from a byte to megabytes, and what flow control must hold."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import gevent
import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Target, ask, call_kept, close_kept, kept, open_kept
from transport.tests.client import Client
from transport.tests.server import Server

SIZES = [0, 1, 16_384, 65_536, 4_000_000]
"""Nothing; a byte; exactly a frame; beyond the first window; near grpc's limit."""


@pytest.mark.parametrize("size", SIZES)
def test_a_unary_call_carries_messages_of_any_size_both_ways(client: Client, server: Server, size: int) -> None:
    outcome = client.run(ask, Target(server.address), b"m" * size)
    assert (outcome.code, len(outcome.messages[0])) == ("OK", size)
    assert outcome.messages[0] == b"m" * size


@pytest.mark.parametrize(("messages", "size"), [(0, 0), (1, 1), (1000, 10), (5, 2_000_000)])
def test_a_server_stream_yields_every_message_in_order(
    client: Client, server: Server, messages: int, size: int
) -> None:
    request = json.dumps({"messages": messages, "bytes": size}).encode()
    outcome = client.run(ask, Target(server.address), request, "Count", "unary_stream")
    assert outcome.code == "OK"
    assert outcome.messages == tuple(bytes([at % 256]) * size for at in range(messages))


@pytest.mark.parametrize(("messages", "size"), [(0, 0), (1, 1), (1000, 10), (5, 2_000_000)])
def test_a_client_stream_delivers_every_message(client: Client, server: Server, messages: int, size: int) -> None:
    outcome = client.run(ask, Target(server.address), [b"m" * size] * messages, "Sum", "stream_unary")
    assert outcome.code == "OK"
    assert json.loads(outcome.messages[0]) == {"messages": messages, "bytes": messages * size}


@pytest.mark.parametrize(("messages", "size"), [(0, 0), (1, 1), (300, 10), (4, 1_500_000)])
def test_a_conversation_echoes_every_message(client: Client, server: Server, messages: int, size: int) -> None:
    sent = [bytes([at % 256]) * size for at in range(messages)]
    outcome = client.run(ask, Target(server.address), sent, "Chat", "stream_stream")
    assert (outcome.code, outcome.messages) == ("OK", tuple(sent))


def turns(target: Target, count: int) -> list[bytes]:
    """Ask again only when the answer came: each request waits for the reply before it."""
    channel = target.open()
    heard: list[bytes] = []

    def requests() -> Iterator[bytes]:
        for at in range(count):
            while len(heard) < at:
                gevent.sleep(0.001)
            yield str(at).encode()

    stream: Any = channel.stream_stream(SERVICE + "Chat", None, None)(requests(), timeout=PATIENCE_S)
    heard.extend(stream)
    channel.close()
    return heard


def test_a_conversation_can_take_turns(client: Client, server: Server) -> None:
    assert client.run(turns, Target(server.address), 20) == [str(at).encode() for at in range(20)]


def broken_requests(target: Target) -> tuple[str, str]:
    """Make a call whose requests raise halfway."""
    channel = target.open()

    def requests() -> Iterator[bytes]:
        yield b"one"
        raise LookupError("no second request")

    try:
        channel.stream_unary(SERVICE + "Sum", None, None)(requests(), timeout=PATIENCE_S)
    except Exception as error:  # noqa: BLE001 - which it is, is what is asked
        code = error.code().name if hasattr(error, "code") else "none"
        return type(error).__name__, code
    finally:
        channel.close()
    return "none", "OK"


def test_requests_that_raise_end_the_call(client: Client, server: Server) -> None:
    _, code = client.run(broken_requests, Target(server.address))
    assert code in {"UNKNOWN", "CANCELLED"}


def slow_reading(target: Target, messages: int, size: int, pauses: int) -> tuple[int, int]:
    """Read a stream with pauses at its start; return the messages and bytes that came."""
    channel = target.open()
    request = json.dumps({"messages": messages, "bytes": size}).encode()
    count = total = 0
    for message in channel.unary_stream(SERVICE + "Count", None, None)(request, timeout=PATIENCE_S):
        if count < pauses:
            gevent.sleep(0.05)
        count += 1
        total += len(message)
    channel.close()
    return count, total


def test_a_slow_reader_loses_nothing(client: Client, server: Server) -> None:
    assert client.run(slow_reading, Target(server.address), 40, 300_000, 5) == (40, 12_000_000)


_PUSHED: list[Any] = []
"""In the client: the call that a server does not read yet."""


def push(number: int, messages: int, size: int) -> int:
    """Offer messages to a server that reads none yet; return how many the transport took until it took no more."""
    channel, taken = kept(number), 0

    def requests() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(messages):
            taken += 1
            yield b"m" * size

    slow: Any = channel.stream_unary(SERVICE + "Slow", None, None)
    _PUSHED.append(gevent.spawn(slow, requests(), timeout=3 * PATIENCE_S))
    early = -1
    while early != taken:
        early = taken
        gevent.sleep(0.3)
    return early


def pushed() -> dict[str, int]:
    """Return what the server counted once it read."""
    counted: dict[str, int] = json.loads(_PUSHED.pop().get())
    return counted


def test_a_server_that_does_not_read_holds_its_sender_back(client: Client, server: Server) -> None:
    number = client.run(open_kept, Target(server.address))
    assert client.run(push, number, 60, 1_000_000) < 60
    assert client.run(call_kept, number, b"x").code == "OK"  # another call is not held up by the full one
    server.go_on()
    assert client.run(pushed) == {"messages": 60, "bytes": 60_000_000}
    client.run(close_kept, number)


def many_at_once(target: Target, calls: int) -> list[bytes]:
    """Make many calls at once on one channel, each with a request of its own."""
    channel = target.open()
    echo = channel.unary_unary(SERVICE + "Echo", None, None)
    greenlets = [gevent.spawn(echo, str(at).encode(), timeout=PATIENCE_S) for at in range(calls)]
    replies = [greenlet.get() for greenlet in greenlets]
    channel.close()
    return replies


def test_replies_find_their_own_callers(client: Client, server: Server) -> None:
    assert client.run(many_at_once, Target(server.address), 80) == [str(at).encode() for at in range(80)]


def ticks_while_waiting(target: Target, wait_s: float) -> int:
    """Count how often another greenlet ran while one waited for a reply."""
    channel = target.open()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            gevent.sleep(0.01)

    ticking = gevent.spawn(tick)
    call = channel.unary_unary(SERVICE + "Hang", None, None)
    with contextlib.suppress(grpc.RpcError):  # its deadline, as it should
        call(b"", timeout=wait_s)
    ticking.kill()
    channel.close()
    return ticks


def test_other_greenlets_run_while_one_waits(client: Client, server: Server) -> None:
    assert client.run(ticks_while_waiting, Target(server.address), 0.5) > 5
