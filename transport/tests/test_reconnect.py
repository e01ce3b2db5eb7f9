"""Connections: refused, unresolved, lost and found again; how many there are, and how soon the next try comes."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from transport.tests.calling import PATIENCE_S, Target, ask, call_kept, close_kept, open_kept
from transport.tests.client import ROOT, Client
from transport.tests.peer import Peer, Play, Wire
from transport.tests.server import Server

QUICK = (
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 300),
)
Start = Callable[..., Server]


@pytest.fixture
def free_address() -> str:
    """Return an address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_a_refused_connection_is_unavailable_and_says_so(client: Client, free_address: str) -> None:
    outcome = client.run(ask, Target(free_address))
    assert outcome.code == "UNAVAILABLE"
    assert "onnection refused" in outcome.details
    assert outcome.took_s < PATIENCE_S


def test_a_name_that_does_not_resolve_is_unavailable(client: Client) -> None:
    outcome = client.run(ask, Target("no-such-host.invalid:50051"))
    assert outcome.code == "UNAVAILABLE"
    assert outcome.details


@pytest.mark.parametrize("address", ["localhost:{port}", "dns:///127.0.0.1:{port}", "ipv4:127.0.0.1:{port}"])
def test_a_server_is_found_by_every_way_to_write_its_address(client: Client, server: Server, address: str) -> None:
    port = server.address.rpartition(":")[2]
    assert client.run(ask, Target(address.format(port=port))).code == "OK"


@pytest.mark.parametrize("scheme", ["unix:{path}", "unix://{path}"])
def test_a_unix_socket_is_an_address(client: Client, start: Start, tmp_path: Path, scheme: str) -> None:
    path = tmp_path / "server.sock"
    start(f"unix:{path}")
    assert client.run(ask, Target(scheme.format(path=path))).code == "OK"


def test_the_authority_is_the_targets_or_what_is_given(client: Client, play: Callable[[Play], Peer]) -> None:
    seen: list[str] = []

    def note(wire: Wire) -> None:
        wire.greet()
        wire.await_call()
        seen.append(wire.request[":authority"])
        wire.send(wire.answer())
        wire.hold()

    peer = play(note)
    assert client.run(ask, Target(peer.address)).code == "OK"
    assert client.run(ask, Target(peer.address, (("grpc.default_authority", "bank.example"),))).code == "OK"
    assert seen == [peer.address, "bank.example"]


def test_two_channels_are_two_connections_and_one_is_one(client: Client, play: Callable[[Play], Peer]) -> None:
    def serve(wire: Wire) -> None:
        wire.greet()
        while True:
            wire.await_call()
            wire.send(wire.answer())

    peer = play(serve)
    channels = [client.run(open_kept, Target(peer.address)) for _ in range(2)]
    for _ in range(3):
        for number in channels:
            assert client.run(call_kept, number).code == "OK"
    assert peer.accepted == 2
    for number in channels:
        client.run(close_kept, number)


def test_wait_for_ready_waits_for_a_server_that_starts_later(client: Client, start: Start, free_address: str) -> None:
    waiting = client.start(ask, Target(free_address, QUICK), b"early", timeout_s=20, wait_for_ready=True)
    fails_at_once = client.run(ask, Target(free_address, QUICK), b"early", timeout_s=20)
    assert fails_at_once.code == "UNAVAILABLE"
    assert not waiting.done()
    start(free_address)
    assert waiting.result().code == "OK"


def test_wait_for_ready_may_come_from_the_service_config(client: Client, start: Start, free_address: str) -> None:
    config = json.dumps({"methodConfig": [{"name": [{}], "waitForReady": True}]})
    target = Target(free_address, (*QUICK, ("grpc.service_config", config)))
    waiting = client.start(ask, target, timeout_s=20)
    assert client.run(ask, Target(free_address)).code == "UNAVAILABLE"
    assert not waiting.done()
    start(free_address)
    assert waiting.result().code == "OK"


def test_calls_in_flight_end_when_the_server_dies_and_new_ones_find_it_again(client: Client, start: Start) -> None:
    server = start()
    channel = client.run(open_kept, Target(server.address, QUICK))
    in_flight = client.start(call_kept, channel, b"", "Hang")
    server.wait_for("started")
    server.stop()
    assert in_flight.result().code in {"UNAVAILABLE", "CANCELLED"}
    assert client.run(call_kept, channel).code == "UNAVAILABLE"
    start(server.address)
    assert client.run(call_kept, channel, wait_for_ready=True).code == "OK"
    client.run(close_kept, channel)


@pytest.fixture
def distant() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server in a process of its own, to be stopped and killed."""
    code = "from transport.tests.server import Server; print(Server().address, flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    yield process.stdout.readline().strip(), process
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()


def test_a_server_that_is_killed_ends_its_calls_as_unavailable(
    client: Client, distant: tuple[str, subprocess.Popen[str]]
) -> None:
    address, process = distant
    channel = client.run(open_kept, Target(address, QUICK))
    assert client.run(call_kept, channel).code == "OK"
    in_flight = client.start(call_kept, channel, b"one", "HangStream", "unary_stream")
    assert client.run(call_kept, channel).code == "OK"
    process.kill()
    assert in_flight.result().code == "UNAVAILABLE"
    client.run(close_kept, channel)


def test_keepalive_gives_a_frozen_server_up(client: Client, distant: tuple[str, subprocess.Popen[str]]) -> None:
    address, process = distant
    alive: tuple[tuple[str, int], ...] = (
        ("grpc.keepalive_time_ms", 1000),
        ("grpc.keepalive_timeout_ms", 500),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    )
    if (
        not client.native
    ):  # grpcio waits for 60 s without it, whatever the keepalive's timeout; native has no such setting
        alive = (*alive, ("grpc.http2.ping_timeout_ms", 500))
    channel = client.run(open_kept, Target(address, (*QUICK, *alive)))
    assert client.run(call_kept, channel).code == "OK"
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)  # until it really stands still
    outcome = client.run(call_kept, channel, timeout_s=20)
    process.send_signal(signal.SIGCONT)
    assert outcome.code == "UNAVAILABLE"
    assert outcome.took_s < 15
    assert client.run(call_kept, channel, wait_for_ready=True).code == "OK"
    client.run(close_kept, channel)


def test_the_next_try_comes_after_the_backoff_and_not_at_once(client: Client, play: Callable[[Play], Peer]) -> None:
    tries: list[float] = []

    def turn_away(wire: Wire) -> None:
        tries.append(time.monotonic())

    peer = play(turn_away)
    outcome = client.run(ask, Target(peer.address, QUICK), timeout_s=1.5, wait_for_ready=True)
    assert outcome.code == "DEADLINE_EXCEEDED"
    assert 2 <= len(tries) <= 1 + 1.5 / 0.05  # the least backoff of 100 ms, less its jitter, and some room
