"""Ends: a call is over when the peer's last bytes reach this host, whatever keeps the process from looking at them."""

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest

from transport.tests.calling import SERVICE, Target, call
from transport.tests.client import Client
from transport.tests.server import Server
from transport.tests.test_tls import serving

Start = Callable[..., Server]
NewClient = Callable[[], Client]

STOPPED_S = 0.6
SHARE = 0.5
"""A call that ends while its process stands still ends within this share of that time, on a busy machine, too."""


def timed(target: Target, method: str, request: bytes = b"") -> tuple[float, float]:
    """Make a call on a connection that is there; return after how long it ended, and after how long it returned."""
    from jwtstorm_transport import ended_ns

    channel = target.open()
    call(channel)
    start_ns = time.monotonic_ns()
    with contextlib.suppress(grpc.RpcError):
        channel.unary_unary(SERVICE + method, None, None)(request, timeout=20)
    ended, returned = ended_ns(), time.monotonic_ns()
    channel.close()
    return (ended - start_ns) / 1e9, (returned - start_ns) / 1e9


def answered_while_stopped(client: Client, server: Server, target: Target) -> tuple[float, float]:
    """Let a call be answered while its process stands still; return when it ended and when it returned."""
    running = client.start(timed, target, "Wait")
    server.wait_for("started")
    os.kill(client.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, client.pid, os.WSTOPPED)  # all its threads
    try:
        server.go_on()
        time.sleep(STOPPED_S)
    finally:
        os.kill(client.pid, signal.SIGCONT)
    return running.result()


@pytest.fixture
def native(new_client: NewClient, client: Client) -> Client:
    """Return a client of the test's own, for grpcio tells no such thing."""
    if not client.native:
        pytest.skip("grpcio does not tell when a call ended")
    return new_client()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs SO_TIMESTAMPNS, which is Linux's")
@pytest.mark.parametrize("secured", [False, True], ids=["plaintext", "TLS"])
def test_what_the_process_sleeps_through_is_no_part_of_the_call(native: Client, start: Start, secured: bool) -> None:
    servers: list[Server] = []

    def started(**how: object) -> Server:
        servers.append(start(**how))
        return servers[-1]

    target = serving(started, "localhost") if secured else Target(started().address)
    ended_s, returned_s = answered_while_stopped(native, servers[0], target)
    assert returned_s >= STOPPED_S
    assert 0 < ended_s < returned_s - SHARE * STOPPED_S


def test_where_no_socket_tells_a_call_ends_when_it_is_read(native: Client, start: Start, tmp_path: Path) -> None:
    server = start(f"unix:{tmp_path / 'server.sock'}")
    ended_s, returned_s = answered_while_stopped(native, server, Target(server.address))
    assert STOPPED_S <= ended_s <= returned_s


def test_a_failure_has_an_end_too(native: Client, server: Server) -> None:
    request = json.dumps({"code": "INTERNAL"}).encode()
    ended_s, returned_s = native.run(timed, Target(server.address), "Fail", request)
    assert 0 < ended_s <= returned_s


def test_a_call_that_never_left_ends_when_it_is_refused(native: Client, server: Server) -> None:
    small = Target(server.address, options=(("grpc.max_send_message_length", 10),))
    ended_s, returned_s = native.run(timed, small, "Echo", b"more than ten bytes")
    assert 0 < ended_s <= returned_s
