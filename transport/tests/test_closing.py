"""Closing a channel, and the process's own end."""

import subprocess
import sys
import time
from typing import Any

import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Target, call_kept, close_kept, failure, open_kept
from transport.tests.client import ROOT, Client
from transport.tests.server import Server


def test_closing_ends_the_calls_in_flight_as_cancelled(client: Client, server: Server) -> None:
    channel = client.run(open_kept, Target(server.address))
    unary = client.start(call_kept, channel, b"", "Hang")
    stream = client.start(call_kept, channel, b"one", "HangStream", "unary_stream")
    server.wait_for("started")
    server.wait_for("started")
    client.run(close_kept, channel)
    assert {unary.result().code, stream.result().code} == {"CANCELLED"}
    server.wait_for("ended")
    server.wait_for("ended")


def after_close(target: Target, kind: str) -> str:
    """Close a channel twice, then call on it; return what that raised."""
    channel = target.open()
    early = getattr(channel, kind)(SERVICE + "Echo", None, None)
    channel.close()
    channel.close()
    try:
        list(early(b"", timeout=PATIENCE_S))
    except Exception as error:  # noqa: BLE001 - which it is, is what is asked
        return failure(error).code if isinstance(error, grpc.RpcError) else type(error).__name__
    return "none"


@pytest.mark.parametrize("kind", ["unary_unary", "unary_stream"])
def test_a_closed_channel_makes_no_calls(client: Client, server: Server, kind: str) -> None:
    assert client.run(after_close, Target(server.address), kind) in {"ValueError", "CANCELLED"}


def with_block(target: Target) -> bool:
    """Use a channel as a context manager; return whether it was closed by it."""
    with target.open() as channel:
        echo = channel.unary_unary(SERVICE + "Echo", None, None)
        assert echo(b"x", timeout=PATIENCE_S) == b"x"
    try:
        echo(b"x", timeout=PATIENCE_S)
    except (ValueError, grpc.RpcError):
        return True
    return False


def test_a_channel_closes_at_the_end_of_its_block(client: Client, server: Server) -> None:
    assert client.run(with_block, Target(server.address))


def readiness(target: Target, timeout_s: float) -> str:
    """Wait until a channel is ready."""
    channel = target.open()
    try:
        grpc.channel_ready_future(channel).result(timeout=timeout_s)
    except grpc.FutureTimeoutError:
        return "not in time"
    finally:
        channel.close()
    return "ready"


def test_a_channel_is_ready_once_it_is_connected(client: Client, server: Server) -> None:
    assert client.run(readiness, Target(server.address), PATIENCE_S) == "ready"


def test_a_channel_is_not_ready_where_nobody_listens(client: Client) -> None:
    assert client.run(readiness, Target("127.0.0.1:1"), 0.3) == "not in time"


def watch(target: Target) -> list[str]:
    """Subscribe, connect, wait for READY, and tell the states that were seen until then."""
    channel = target.open()
    states: list[str] = []

    def note(state: Any) -> None:
        states.append(state.name)

    channel.subscribe(note, try_to_connect=True)
    until_s = time.monotonic() + PATIENCE_S
    while "READY" not in states and time.monotonic() < until_s:
        time.sleep(0.01)
    channel.unsubscribe(note)
    channel.close()
    return states


def test_a_subscriber_is_told_each_state(client: Client, server: Server) -> None:
    states = client.run(watch, Target(server.address))
    assert (states[0], states[-1]) == ("IDLE", "READY")


def test_a_subscriber_is_told_of_a_failure(client: Client) -> None:
    assert client.run(watch_failure, Target("127.0.0.1:1"))


def watch_failure(target: Target) -> bool:
    """Subscribe where nobody listens; return whether TRANSIENT_FAILURE was told."""
    channel = target.open()
    states: list[str] = []
    channel.subscribe(lambda state: states.append(state.name), try_to_connect=True)
    until_s = time.monotonic() + PATIENCE_S
    while "TRANSIENT_FAILURE" not in states and time.monotonic() < until_s:
        time.sleep(0.01)
    channel.close()
    return "TRANSIENT_FAILURE" in states


EXIT = """
import os, sys
os.environ["JWTSTORM_TESTED_TRANSPORT"] = sys.argv[1]
from gevent import monkey; monkey.patch_all()
import gevent, grpc.experimental.gevent
if sys.argv[1] == "grpcio":
    grpc.experimental.gevent.init_gevent()
from transport.tests.calling import Target
if sys.argv[3] == "fork" and os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
channel = Target(sys.argv[2]).open()
assert channel.unary_unary("/jwtstorm.Trial/Echo", None, None)(b"x", timeout=10) == b"x"
if sys.argv[3] == "in flight":
    hang = channel.unary_unary("/jwtstorm.Trial/Hang", None, None)
    calls = [gevent.spawn(hang, b"", timeout=60) for _ in range(5)]
    streams = [channel.unary_stream("/jwtstorm.Trial/HangStream", None, None)(b"", timeout=60) for _ in range(5)]
    gevent.spawn(list, streams[0])
    gevent.sleep(0.2)
print("at the end", flush=True)
"""


@pytest.mark.parametrize("way", ["idle", "in flight", "fork"])
def test_a_process_exits_cleanly_with_a_channel_open(client: Client, server: Server, way: str) -> None:
    command = [sys.executable, "-c", EXIT, client.transport, server.address, way]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (0, "at the end\n"), ended.stderr
    assert "panicked" not in ended.stderr
