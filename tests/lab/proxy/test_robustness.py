"""What no peer and no client of the API may do to the embedded server."""

import contextlib
import os
import random
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.lab.proxy.conftest import Server, serving
from tests.lab.proxy.peers import (
    PATIENCE_S,
    ask,
    connect,
    eventually,
    read_exactly,
    reset,
    upstream,
)

pytestmark = pytest.mark.e2e

CYCLES = 10_000
TOXICS: tuple[tuple[str, dict[str, int]], ...] = (
    ("latency", {"latency": 3, "jitter": 3}),
    ("bandwidth", {"rate": 100_000}),
    ("slicer", {"average_size": 500, "size_variation": 400}),
    ("slow_close", {"delay": 5}),
    ("noop", {}),
)


def _flood(accepted: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            accepted.sendall(bytes(262_144))


def _open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def _memory_bytes(server: Server) -> int:
    return int(Path(f"/proc/{server.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")


def test_ten_thousand_cycles_of_toxics_under_traffic_lose_no_byte(embedded: Server, echoing: str) -> None:
    address = embedded.client.create("a", echoing)
    stop = threading.Event()
    failures: list[str] = []
    exchanged = [0, 0]

    def exchange(index: int) -> None:
        dice = random.Random(index)
        with connect(address) as client:
            while not stop.is_set():
                data = dice.randbytes(dice.choice((1, 100, 5_000, 60_000)))
                client.sendall(data)
                if (back := read_exactly(client, len(data))) != data:
                    failures.append(f"{len(back)} of {len(data)} bytes, or other ones")
                    return
                exchanged[index] += 1

    threads = [threading.Thread(target=exchange, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    dice = random.Random(1)
    for _ in range(CYCLES):
        kind, attributes = dice.choice(TOXICS)
        stream = dice.choice(("upstream", "downstream"))
        assert embedded.ask("POST /proxies/a/toxics", _toxic(kind, stream, attributes)).status == 200
        assert embedded.ask(f"DELETE /proxies/a/toxics/{kind}_{stream}").status == 204
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert not failures
    assert min(exchanged) > 10


def test_a_peer_that_stops_reading_holds_up_no_command(embedded: Server) -> None:
    with upstream(_flood) as flood:
        address = embedded.client.create("a", flood.address)
        embedded.client.add_toxic("a", "late", "latency", "downstream", 1.0, {"latency": 500})
        with connect(address), connect(address) as second:
            second.recv(1)
            eventually(lambda: _held_bytes(embedded) > 1_000_000, "the toxic holds data")
            embedded.client.update_toxic("a", "late", {"latency": 100})
            embedded.client.remove_toxic("a", "late")
            assert embedded.client.read("a").toxics == ()
            embedded.client.add_toxic("a", "reset", "reset_peer", "downstream", 1.0, {})
            embedded.client.set_enabled("a", False)
    eventually(lambda: _held_bytes(embedded) == 0, "nothing is held")


def test_what_was_meant_for_a_client_that_is_gone_is_forgotten(embedded: Server) -> None:
    with upstream(_flood) as flood:
        address = embedded.client.create("a", flood.address)
        embedded.client.add_toxic("a", "late", "latency", "downstream", 1.0, {"latency": 3_600_000})
        client = connect(address)
        eventually(lambda: _held_bytes(embedded) > 1_000_000, "the toxic holds data")
        reset(client)
        eventually(lambda: _held_bytes(embedded) == 0, "nothing is held")
        gone = b'jwtstorm_proxy_connections{proxy="a"} 0'
        eventually(lambda: gone in embedded.ask("GET /metrics").body, "the connection is gone")
        assert _held_bytes(embedded) == 0


def _held_bytes(server: Server) -> int:
    lines = server.ask("GET /metrics").body.decode().splitlines()
    return int(next(line for line in lines if line.startswith("jwtstorm_proxy_held_bytes ")).rpartition(" ")[2])


@needs_proc
def test_memory_is_bounded_when_readers_stall(tmp_path: Path) -> None:
    with upstream(_flood) as flood, serving("embedded", tmp_path / "log") as server:
        address = server.client.create("a", flood.address)
        server.client.add_toxic("a", "late", "latency", "downstream", 1.0, {"latency": 3_600_000})
        before_bytes = _memory_bytes(server)
        clients = [connect(address) for _ in range(3)]
        eventually(lambda: _steady(server), "the toxics take no more")
        assert _memory_bytes(server) - before_bytes < 3 * 48 * 1024 * 1024
        for client in clients:
            client.close()


def _steady(server: Server) -> bool:
    before = _held_bytes(server)
    time.sleep(0.3)
    return _held_bytes(server) == before > 1_000_000


@needs_proc
def test_connections_leave_no_descriptor_behind(embedded: Server, echoing: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = "{}:{}".format(*closed.getsockname())
    address = embedded.client.create("a", echoing)
    nowhere = embedded.client.create("b", dead)
    embedded.client.add_toxic("a", "late", "latency", "downstream", 0.5, {"latency": 20})
    before = _open_files(embedded)
    for index in range(200):
        with connect(nowhere if index % 4 == 3 else address) as client, contextlib.suppress(OSError):
            client.sendall(b"x")
            _leave(client, index % 3)
    eventually(lambda: _open_files(embedded) <= before + 2, "descriptors are closed")
    assert _open_files(embedded) <= before + 2


def _leave(client: socket.socket, way: int) -> None:
    if way == 0:
        client.recv(1)
    elif way == 1:
        client.shutdown(socket.SHUT_WR)
    else:
        reset(client)


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        ("slicer", {}),
        ("slicer", {"average_size": 5, "size_variation": 9}),
        ("slicer", {"average_size": -5, "size_variation": -9, "delay": -1}),
        ("latency", {"jitter": 2**62}),
        ("latency", {"latency": -(2**62), "jitter": 2**61}),
        ("bandwidth", {"rate": -1}),
        ("limit_data", {"bytes": -1}),
        ("timeout", {"timeout": -1}),
        ("reset_peer", {"timeout": -1}),
    ],
)
def test_strict_mode_takes_what_crashes_the_original_and_lives(
    servers: Any, echoing: str, kind: str, attributes: dict[str, int]
) -> None:
    strict: Server = servers("strict")
    strict.clear()
    address = strict.client.create("a", echoing)
    assert strict.ask("POST /proxies/a/toxics", _toxic(kind, "downstream", attributes)).status == 200
    with connect(address) as client, contextlib.suppress(OSError):
        client.settimeout(0.2)
        client.sendall(bytes(1000))
        client.recv(1)
    strict.client.remove_toxic("a", f"{kind}_downstream")
    with connect(address) as client:
        assert ask(client, b"x") == b"x"
    strict.clear()


def test_hundreds_of_connections_are_open_at_once(embedded: Server, echoing: str) -> None:
    address = embedded.client.create("a", echoing)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(address)) for _ in range(400)]
        for client in clients:
            client.sendall(b"x")
        assert all(client.recv(1) == b"x" for client in clients)
        embedded.client.set_enabled("a", False)
        assert all(client.recv(1) == b"" for client in clients)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 100_000)),
        st.tuples(st.just("read"), st.integers(1, 100_000)),
        st.tuples(st.just("half_close"), st.just(0)),
        st.tuples(st.just("reset"), st.just(0)),
        st.tuples(st.just("add"), st.integers(0, 7)),
        st.tuples(st.just("remove"), st.integers(0, 7)),
        st.tuples(st.just("off_and_on"), st.just(0)),
    ),
    max_size=12,
)
ALL_TOXICS = (
    *TOXICS,
    ("timeout", {"timeout": 5}),
    ("limit_data", {"bytes": 20_000}),
    ("reset_peer", {"timeout": 2}),
)


def _act(server: Server, client: socket.socket, name: str, number: int) -> None:
    kind, attributes = ALL_TOXICS[number % len(ALL_TOXICS)]
    stream = ("upstream", "downstream")[number % 2]
    if name == "add":
        server.ask("POST /proxies/a/toxics", _toxic(kind, stream, attributes))
    elif name == "remove":
        server.client.remove_toxic("a", f"{kind}_{stream}", missing_ok=True)
    elif name == "off_and_on":
        server.client.set_enabled("a", False)
        server.client.set_enabled("a", True)
    else:
        _act_on(client, name, number)


def _act_on(client: socket.socket, name: str, number: int) -> None:
    with contextlib.suppress(OSError):
        if name == "send":
            client.send(bytes(number))
        elif name == "read":
            client.recv(number)
        elif name == "half_close":
            client.shutdown(socket.SHUT_WR)
        else:
            reset(client)


def _toxic(kind: str, stream: str, attributes: dict[str, int]) -> str:
    fields = ", ".join(f'"{name}": {value}' for name, value in attributes.items())
    return f'{{"type": "{kind}", "stream": "{stream}", "attributes": {{{fields}}}}}'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plays=st.lists(ACTS, min_size=1, max_size=4))
def test_no_behaviour_of_clients_hurts_the_server(
    embedded: Server, echoing: str, plays: list[list[tuple[str, int]]]
) -> None:
    embedded.clear()
    address = embedded.client.create("a", echoing)
    for play in plays:
        with connect(address) as client:
            client.settimeout(0.002)
            for name, number in play:
                _act(embedded, client, name, number)
    for toxic in embedded.client.read("a").toxics:
        embedded.client.remove_toxic("a", toxic.name)
    with connect(address) as client:
        assert ask(client, b"still here") == b"still here"
    gone = b'jwtstorm_proxy_connections{proxy="a"} 0'
    eventually(lambda: gone in embedded.ask("GET /metrics").body, "every connection is gone")
    assert _held_bytes(embedded) == 0
