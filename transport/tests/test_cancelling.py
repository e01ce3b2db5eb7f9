"""Cancelling: by the call, by a greenlet that is killed, by dropping a stream; the server sees it."""

from typing import Any

import gevent
import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Outcome, Target, close_kept, failure, kept, open_kept
from transport.tests.client import Client
from transport.tests.server import Server


def cancel_a_stream(target: Target) -> Outcome:
    """Read one message, cancel, read on."""
    channel = target.open()
    stream: Any = channel.unary_stream(SERVICE + "HangStream", None, None)(b"one", timeout=PATIENCE_S)
    first = next(stream)
    stream.cancel()
    try:
        next(stream)
    except grpc.RpcError as error:
        return failure(error, messages=[first])
    finally:
        channel.close()
    raise AssertionError("it went on")


def test_a_cancelled_stream_ends_as_cancelled_and_the_server_sees_it(client: Client, server: Server) -> None:
    outcome = client.run(cancel_a_stream, Target(server.address))
    assert (outcome.code, outcome.messages) == ("CANCELLED", (b"one",))
    server.wait_for("ended")


def cancel_while_read(target: Target) -> str:
    """Cancel from another greenlet while one waits for a message."""
    channel = target.open()
    stream: Any = channel.unary_stream(SERVICE + "HangStream", None, None)(b"one", timeout=PATIENCE_S)
    next(stream)
    gevent.spawn_later(0.05, stream.cancel)
    try:
        next(stream)
    except grpc.RpcError as error:
        return failure(error).code
    finally:
        channel.close()
    return "none"


def test_cancelling_wakes_the_greenlet_that_waits(client: Client, server: Server) -> None:
    assert client.run(cancel_while_read, Target(server.address)) == "CANCELLED"
    server.wait_for("ended")


def future(target: Target) -> tuple[str, str]:
    """Ask for a unary call's future; return how its result or the asking ended, and why."""
    channel = target.open()
    try:
        made: Any = channel.unary_unary(SERVICE + "Hang", None, None).future(b"", timeout=PATIENCE_S)
        made.cancel()
        made.result(timeout=PATIENCE_S)
    except (grpc.RpcError, grpc.FutureCancelledError, NotImplementedError) as error:
        return type(error).__name__, str(error)
    finally:
        channel.close()
    return "none", ""


def test_a_cancelled_future_says_so_and_native_has_none(client: Client, server: Server) -> None:
    kind, why = client.run(future, Target(server.address))
    assert kind == ("NotImplementedError" if client.native else "FutureCancelledError")
    assert not client.native or "spawn a greenlet" in why


def kill_the_greenlet(number: int, kind: str) -> str:
    """Kill a greenlet that waits for a reply, and use the channel again; it stays open."""
    channel = kept(number)
    if kind == "unary":
        waiting: Any = gevent.spawn(channel.unary_unary(SERVICE + "Hang", None, None), b"", timeout=PATIENCE_S)
    else:
        call: Any = channel.unary_stream(SERVICE + "HangStream", None, None)
        waiting = gevent.spawn(_read, call)
    gevent.sleep(0.2)
    waiting.kill(timeout=5)
    reply: bytes = channel.unary_unary(SERVICE + "Echo", None, None)(b"after", timeout=PATIENCE_S)
    return f"{waiting.dead} {reply.decode()}"


def _read(call: Any) -> list[bytes]:
    return list(call(b"", timeout=PATIENCE_S))


@pytest.mark.parametrize("kind", ["unary", "stream"])
def test_a_greenlet_that_is_killed_in_a_call_takes_the_call_with_it(client: Client, server: Server, kind: str) -> None:
    number = client.run(open_kept, Target(server.address))
    assert client.run(kill_the_greenlet, number, kind) == "True after"
    server.wait_for("started")
    server.wait_for("ended", within_s=PATIENCE_S / 2)
    client.run(close_kept, number)


def drop_a_stream(number: int) -> str:
    """Read one message of an endless stream and let the stream go; the channel stays open."""
    channel = kept(number)
    endless: Any = channel.unary_stream(SERVICE + "Endless", None, None)
    next(endless(b"m", timeout=PATIENCE_S))
    reply: bytes = channel.unary_unary(SERVICE + "Echo", None, None)(b"after", timeout=PATIENCE_S)
    return reply.decode()


def test_a_stream_that_nobody_holds_any_more_is_cancelled(client: Client, server: Server) -> None:
    number = client.run(open_kept, Target(server.address))
    assert client.run(drop_a_stream, number) == "after"
    server.wait_for("ended", within_s=PATIENCE_S / 2)
    client.run(close_kept, number)


def timeout_around(target: Target) -> str:
    """Let gevent's own timeout end the wait."""
    channel = target.open()
    try:
        with gevent.Timeout(0.2):
            channel.unary_unary(SERVICE + "Hang", None, None)(b"", timeout=PATIENCE_S)
    except gevent.Timeout:
        reply: bytes = channel.unary_unary(SERVICE + "Echo", None, None)(b"after", timeout=PATIENCE_S)
        return reply.decode()
    finally:
        channel.close()
    return "none"


def test_gevents_own_timeout_ends_a_wait(client: Client, server: Server) -> None:
    assert client.run(timeout_around, Target(server.address)) == "after"
    server.wait_for("ended")
