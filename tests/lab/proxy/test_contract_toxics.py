"""What each toxic does to real connections, against every server there is."""

import socket
import time

import pytest

from tests.lab.proxy.conftest import Server
from tests.lab.proxy.peers import (
    ask,
    connect,
    ending,
    eventually,
    read_exactly,
    read_to_end,
    upstream,
)

pytestmark = pytest.mark.e2e


def _took_s(client: socket.socket, data: bytes = b"x") -> float:
    start_s = time.monotonic()
    assert ask(client, data) == data
    return time.monotonic() - start_s


def _add(server: Server, kind: str, stream: str = "downstream", toxicity: float = 1.0, **attributes: int) -> None:
    server.client.add_toxic("a", f"{kind}_{stream}", kind, stream, toxicity, attributes)


def _remove(server: Server, kind: str, stream: str = "downstream") -> None:
    server.client.remove_toxic("a", f"{kind}_{stream}")


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_latency_delays_open_connections_until_it_is_removed(server: Server, echoing: str, stream: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "latency", stream, latency=300)
        assert _took_s(client) >= 0.3
        _remove(server, "latency", stream)
        assert ask(client, b"y") == b"y"


def test_latency_of_both_directions_and_of_two_toxics_adds_up(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        _add(server, "latency", "upstream", latency=100)
        _add(server, "latency", "downstream", latency=100)
        server.client.add_toxic("a", "more", "latency", "downstream", 1.0, {"latency": 150})
        assert _took_s(client) >= 0.35


def test_removing_latency_releases_what_waits(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "latency", latency=3_600_000)
        client.sendall(b"waits")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        _remove(server, "latency")
        client.settimeout(20)
        assert read_exactly(client, 5) == b"waits"


def test_an_edit_holds_for_open_connections(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "latency")
        server.client.update_toxic("a", "latency_downstream", {"latency": 300})
        assert _took_s(client) >= 0.3


def test_bandwidth_holds_for_each_connection(server: Server, echoing: str) -> None:
    address = server.client.create("a", echoing)
    _add(server, "bandwidth", rate=100)
    start_s = time.monotonic()
    with connect(address) as one, connect(address) as other:
        for client in (one, other):
            client.sendall(bytes(40_000))
        for client in (one, other):
            assert len(read_exactly(client, 40_000)) == 40_000
    assert time.monotonic() - start_s >= 0.39


def test_no_bandwidth_holds_everything_until_it_is_removed(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "bandwidth")
        client.sendall(b"waits")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        _remove(server, "bandwidth")
        client.settimeout(20)
        assert read_exactly(client, 5) == b"waits"


def test_slow_close_delays_the_end_alone(server: Server) -> None:
    with (
        upstream(lambda accepted: accepted.sendall(b"data")) as speaker,
        connect(_slowly_closed(server, speaker.address)) as client,
    ):
        assert read_exactly(client, 4) == b"data"
        got_s = time.monotonic()
        speaker.close()
        assert client.recv(1) == b""
        assert time.monotonic() - got_s >= 0.29


def _slowly_closed(server: Server, address: str) -> str:
    listen = server.client.create("a", address)
    _add(server, "slow_close", delay=300)
    return listen


def test_timeout_drops_everything_and_closes_after_a_silence(server: Server, echoing: str) -> None:
    address = server.client.create("a", echoing)
    _add(server, "timeout", timeout=100)
    with connect(address) as client:
        client.sendall(b"lost")
        assert read_to_end(client) == b""


def test_removing_an_endless_timeout_closes_the_connection(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "timeout")
        client.sendall(b"lost")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        _remove(server, "timeout")
        assert read_to_end(client) == b""


def test_removing_a_timeout_closes_untouched_connections_only_in_the_original(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "timeout", toxicity=0)
        assert ask(client, b"y") == b"y"
        _remove(server, "timeout")
        if server.kind == "embedded":
            assert ask(client, b"z") == b"z"
        else:
            assert read_to_end(client) == b""


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
def test_reset_peer_resets_new_connections(server: Server, echoing: str, stream: str) -> None:
    address = server.client.create("a", echoing)
    _add(server, "reset_peer", stream, timeout=50)
    with connect(address) as client:
        client.sendall(b"x")
        assert ending(client) == "reset"


def test_reset_peer_resets_open_connections_where_the_original_ends_them_with_eof(server: Server, echoing: str) -> None:
    with connect(server.client.create("a", echoing)) as client:
        ask(client, b"x")
        _add(server, "reset_peer")
        client.sendall(b"x")
        assert ending(client) == ("reset" if server.kind == "embedded" else "eof")


def test_an_untouched_close_stays_a_close_where_the_original_makes_it_a_reset(server: Server) -> None:
    def hang_up(accepted: socket.socket) -> None:
        accepted.recv(1)
        accepted.shutdown(socket.SHUT_WR)

    with upstream(hang_up) as speaker:
        address = server.client.create("a", speaker.address)
        _add(server, "reset_peer", toxicity=0)
        with connect(address) as client:
            client.sendall(b"x")
            assert ending(client) == ("eof" if server.kind == "embedded" else "reset")


def test_slicer_sends_pieces_that_make_up_the_whole(server: Server, echoing: str) -> None:
    address = server.client.create("a", echoing)
    _add(server, "slicer", average_size=10, size_variation=5, delay=10_000)
    data = bytes(range(200))
    with connect(address) as client:
        client.sendall(data)
        pieces: list[bytes] = []
        while len(b"".join(pieces)) < len(data):
            pieces.append(client.recv(65536))
    assert b"".join(pieces) == data
    assert len(pieces) > 3


@pytest.mark.parametrize("limit", [0, 5, 100_000])
def test_limit_data_passes_the_limit_and_closes(server: Server, echoing: str, limit: int) -> None:
    address = server.client.create("a", echoing)
    _add(server, "limit_data", bytes=limit)
    data = bytes(i % 251 for i in range(limit + 1000))
    with connect(address) as client:
        client.sendall(data)
        assert read_to_end(client) == data[:limit]


@pytest.mark.parametrize(("toxicity", "least", "most"), [(0.0, 0, 0), (0.5, 5, 35), (1.0, 40, 40)])
def test_toxicity_is_drawn_for_each_connection(
    server: Server, echoing: str, toxicity: float, least: int, most: int
) -> None:
    address = server.client.create("a", echoing)
    _add(server, "limit_data", "downstream", toxicity, bytes=0)
    closed = 0
    for _ in range(40):
        with connect(address) as client:
            client.sendall(b"x")
            closed += client.recv(1) == b""
    assert least <= closed <= most


def test_an_edit_elsewhere_redraws_no_open_connection_where_the_original_redraws_them_all(
    server: Server, echoing: str
) -> None:
    if server.kind == "real":
        pytest.skip("the original shows no metric of it; measured by hand: 22 of 40 flip")
    address = server.client.create("a", echoing)
    _add(server, "noop", "downstream", 0.5)
    clients = [connect(address) for _ in range(60)]
    for client in clients:
        ask(client, b"x")
    counts = set()
    for index in range(8):
        counts.add(_touched(server))
        server.client.update_toxic("a", "noop_downstream", {})
        server.client.add_toxic("a", f"behind{index}", "noop", "downstream", 1.0, {})
    for client in clients:
        client.close()
    assert (len(counts) == 1) == (server.kind == "embedded")


def _touched(server: Server) -> int:
    lines = server.ask("GET /metrics").body.decode().splitlines()
    line = next(line for line in lines if line.startswith("jwtstorm_proxy_toxic_connections{") and "noop_down" in line)
    return int(line.rpartition(" ")[2])


def test_nothing_is_left_of_a_connection_when_a_toxic_has_closed_it(embedded: Server, echoing: str) -> None:
    address = embedded.client.create("a", echoing)
    _add(embedded, "limit_data", bytes=3)
    for _ in range(20):
        with connect(address) as client:
            client.sendall(b"abcdef")
            assert read_to_end(client) == b"abc"
    eventually(lambda: b'jwtstorm_proxy_connections{proxy="a"} 0' in embedded.ask("GET /metrics").body, "no connection")
