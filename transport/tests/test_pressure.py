"""Many calls at once, readers that stop, answers that come early, channels that nobody closes."""

import contextlib
import gc
import random
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gevent
import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Outcome, Target, ask, close_kept, failure, kept, open_kept
from transport.tests.client import Client
from transport.tests.peer import Kind, Peer, Play, Reset, Wire, frame, number
from transport.tests.server import Server

HELD_KB = 60_000
"""Far more than any window of flow control; an endless stream passes it in a second where nothing holds it back."""


_STREAMS: list[Any] = []


def stop_reading(number_: int) -> None:
    """Read one message of an endless stream and leave the rest."""
    endless: Any = kept(number_).unary_stream(SERVICE + "Endless", None, None)
    stream = endless(b"m" * 100_000, timeout=60)
    next(stream)
    _STREAMS.append(stream)
    gevent.sleep(1.5)


def let_go() -> None:
    """Cancel the stream that was left."""
    _STREAMS.pop().cancel()


def test_a_reader_that_stops_holds_the_server_back(client: Client, server: Server) -> None:
    channel = client.run(open_kept, Target(server.address))
    before_kb = client.memory_kb()
    client.run(stop_reading, channel)
    assert client.memory_kb() < before_kb + HELD_KB
    client.run(let_go)
    server.wait_for("ended")
    client.run(close_kept, channel)


def mixed(target: Target, calls: int) -> Counter[str]:
    """Start many calls and end them by all means at random times; the channel must stay well."""
    channel = target.open()
    dice = random.Random(7)
    hang: Any = channel.unary_unary(SERVICE + "Hang", None, None)
    stream: Any = channel.unary_stream(SERVICE + "HangStream", None, None)
    echo: Any = channel.unary_unary(SERVICE + "Echo", None, None)
    ended: Counter[str] = Counter()

    def one(kind: int, wait_s: float) -> None:
        try:
            if kind == 0:
                hang(b"", timeout=wait_s)
            elif kind == 1:
                with gevent.Timeout(wait_s):
                    hang(b"", timeout=PATIENCE_S)
            elif kind == 2:
                opened = stream(b"", timeout=PATIENCE_S)
                gevent.spawn_later(wait_s, opened.cancel)
                list(opened)
            else:
                echo(b"", timeout=PATIENCE_S)
                ended["OK"] += 1
        except grpc.RpcError as error:
            ended[failure(error).code] += 1
        except gevent.Timeout:
            ended["timeout"] += 1

    waves = 4
    for _ in range(waves):
        gevent.joinall([gevent.spawn(one, at % 4, dice.uniform(0.0, 0.05)) for at in range(calls // waves)])
    assert echo(b"last", timeout=PATIENCE_S) == b"last"
    channel.close()
    return ended


def test_calls_that_end_in_every_way_at_once_end_each_in_its_own(client: Client, server: Server) -> None:
    ended = client.run(mixed, Target(server.address), 96)
    assert ended == {"DEADLINE_EXCEEDED": 24, "timeout": 24, "CANCELLED": 24, "OK": 24}


def early(wire: Wire) -> None:
    """Answer as soon as the headers came, and read no further."""
    wire.greet()
    wire.await_call(whole=False)
    wire.send(wire.answer(b"early"), frame(Kind.RST_STREAM, stream=wire.stream, payload=number(Reset.NO_ERROR)))
    wire.hold()


def long_requests(target: Target) -> Outcome:
    """Send requests that nobody reads."""

    def requests() -> Iterator[bytes]:
        for _ in range(50):
            yield b"m" * 100_000

    channel = target.open()
    reply: Any = channel.stream_unary(SERVICE + "Sum", None, None)
    try:
        return Outcome("OK", messages=(reply(requests(), timeout=PATIENCE_S),))
    except grpc.RpcError as error:
        return failure(error)
    finally:
        channel.close()


def test_an_answer_counts_that_comes_before_the_requests_were_read(
    client: Client, play: Callable[[Play], Peer]
) -> None:
    outcome = client.run(long_requests, Target(play(early).address))
    assert (outcome.code, outcome.messages) == ("OK", (b"early",))


@pytest.mark.parametrize("size", [20_000, 200_000])
def test_metadata_that_the_server_finds_too_large_fails_the_call_alone(
    client: Client, server: Server, size: int
) -> None:
    outcome = client.run(ask, Target(server.address), b"", metadata=(("authorization", "t" * size),))
    assert outcome.code == "RESOURCE_EXHAUSTED"
    assert client.run(ask, Target(server.address), b"next").code == "OK"


def forget(target: Target, channels: int) -> None:
    """Open channels, call on each, and let them go without closing them."""
    for _ in range(channels):
        assert target.open().unary_unary(SERVICE + "Echo", None, None)(b"", timeout=PATIENCE_S) == b""
    gc.collect()
    gevent.sleep(0.5)


def open_and_close(target: Target, channels: int) -> None:
    """Open and close channels whose connections are being made, or their calls sent."""
    for at in range(channels):
        channel = target.open()
        hang: Any = channel.unary_unary(SERVICE + "Hang", None, None)
        waiting = gevent.spawn(hang, b"", timeout=PATIENCE_S)
        gevent.sleep(0.001 * (at % 3))
        channel.close()
        waiting.join(PATIENCE_S)
        assert waiting.dead
        assert isinstance(waiting.exception, (grpc.RpcError, ValueError))


def sockets(client: Client) -> int:
    """Return how many sockets a client holds."""
    count = 0
    for entry in Path(f"/proc/{client.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed in the meantime
            count += str(entry.readlink()).startswith("socket:")
    return count


@pytest.mark.parametrize("way", [forget, open_and_close])
def test_channels_leave_no_socket_behind(client: Client, server: Server, way: Callable[[Target, int], None]) -> None:
    client.run(ask, Target(server.address))
    before = sockets(client)
    client.run(way, Target(server.address), 30)
    assert sockets(client) <= before + 2
