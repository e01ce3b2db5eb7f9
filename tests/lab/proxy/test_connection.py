"""How connections begin and end, against every server there is."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from tests.lab.proxy.conftest import Server
from tests.lab.proxy.peers import (
    PATIENCE_S,
    ask,
    connect,
    ending,
    eventually,
    read_exactly,
    read_to_end,
    reset,
    upstream,
)

pytestmark = pytest.mark.e2e


@contextlib.contextmanager
def deaf_upstream() -> Iterator[str]:
    """Yield the address of a host that never answers a SYN: its queue of connections is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as stack:
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield "{}:{}".format(*listener.getsockname())


def _gone(server: Server) -> bool:
    return b'jwtstorm_proxy_connections{proxy="a"} 0' in server.ask("GET /metrics").body


def test_a_large_message_comes_back_whole(server: Server, echoing: str) -> None:
    data = bytes(range(256)) * 40_000
    with connect(server.client.create("a", echoing)) as client:
        sender = threading.Thread(target=client.sendall, args=(data,))
        sender.start()
        assert read_exactly(client, len(data)) == data
        sender.join(PATIENCE_S)


def test_the_answer_to_a_half_closed_client_arrives_where_the_original_loses_it(server: Server) -> None:
    def answer_at_the_end(accepted: socket.socket) -> None:
        asked = read_to_end(accepted)
        accepted.sendall(asked.upper())
        accepted.shutdown(socket.SHUT_WR)

    with upstream(answer_at_the_end) as speaker, connect(server.client.create("a", speaker.address)) as client:
        client.sendall(b"question")
        client.shutdown(socket.SHUT_WR)
        assert read_to_end(client) == (b"QUESTION" if server.kind == "embedded" else b"")


def test_a_client_may_go_on_after_the_server_has_said_all(embedded: Server) -> None:
    heard: list[bytes] = []

    def speak_then_listen(accepted: socket.socket) -> None:
        accepted.sendall(b"bye")
        accepted.shutdown(socket.SHUT_WR)
        heard.append(read_to_end(accepted))

    with upstream(speak_then_listen) as speaker, connect(embedded.client.create("a", speaker.address)) as client:
        assert read_to_end(client) == b"bye"
        client.sendall(b"wait")
        client.shutdown(socket.SHUT_WR)
        eventually(lambda: heard == [b"wait"], "the server hears the rest")
        eventually(lambda: _gone(embedded), "both half-closed sides are closed")


def test_a_client_that_goes_ends_the_upstream_connection(server: Server) -> None:
    ended = threading.Event()

    def listen_to_end(accepted: socket.socket) -> None:
        with contextlib.suppress(ConnectionResetError):
            read_to_end(accepted)
        ended.set()

    with upstream(listen_to_end) as speaker:
        address = server.client.create("a", speaker.address)
        for leave in (socket.socket.close, reset):
            ended.clear()
            client = connect(address)
            client.sendall(b"x")
            leave(client)
            assert ended.wait(PATIENCE_S)


def test_turning_off_closes_and_refuses_until_it_is_turned_on(server: Server, echoing: str) -> None:
    address = server.client.create("a", echoing)
    with connect(address) as client:
        ask(client, b"x")
        server.client.set_enabled("a", False)
        assert read_to_end(client) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(address)
    server.client.set_enabled("a", True)
    with connect(address) as client:
        assert ask(client, b"y") == b"y"


def test_deleting_closes_and_refuses(server: Server, echoing: str) -> None:
    address = server.client.create("a", echoing)
    with connect(address) as client:
        ask(client, b"x")
        server.client.delete("a")
        assert read_to_end(client) == b""
    with pytest.raises(ConnectionRefusedError):
        connect(address)


def test_a_new_upstream_takes_new_connections_and_ends_the_old(server: Server, echoing: str) -> None:
    with upstream(lambda accepted: accepted.sendall(b"new")) as other:
        address = server.client.create("a", echoing)
        with connect(address) as client:
            ask(client, b"x")
            server.ask("PATCH /proxies/a", f'{{"upstream": "{other.address}"}}')
            assert read_to_end(client) == b""
        with connect(address) as client:
            assert read_exactly(client, 3) == b"new"


def test_a_dead_upstream_lets_the_client_connect_and_ends_it(server: Server) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        dead = "{}:{}".format(*closed.getsockname())
    for nowhere in (dead, "no-such-host.invalid:1", "nonsense"):
        server.clear()
        with connect(server.client.create("a", nowhere)) as client:
            assert ending(client) == "eof"


def test_an_upstream_that_never_answers_holds_up_neither_the_api_nor_new_clients(
    embedded: Server, echoing: str
) -> None:
    with deaf_upstream() as deaf:
        address = embedded.client.create("a", deaf)
        waiting = [connect(address) for _ in range(5)]
        embedded.ask("PATCH /proxies/a", f'{{"upstream": "{echoing}"}}')
        with connect(address) as client:
            assert ask(client, b"x") == b"x"
        for client in waiting:
            assert ending(client) == "eof"
            client.close()


def test_bytes_are_counted_while_the_connection_is_open(embedded: Server, echoing: str) -> None:
    with connect(embedded.client.create("a", echoing)) as client:
        ask(client, bytes(1000))
        text = embedded.ask("GET /metrics").body.decode()
    for name in ("received", "sent"):
        lines = [line for line in text.splitlines() if line.startswith(f"toxiproxy_proxy_{name}_bytes_total{{")]
        assert [line.rpartition(" ")[2] for line in lines] == ["1000", "1000"]
    assert 'jwtstorm_proxy_connections{proxy="a"} 1' in text


@pytest.mark.parametrize("family", ["::1", "127.0.0.1"])
def test_an_address_family_of_either_kind_is_served(embedded: Server, echoing: str, family: str) -> None:
    host = f"[{family}]" if ":" in family else family
    try:
        address = embedded.client.create("a", echoing, f"{host}:0")
    except Exception as error:
        if "cannot assign" in str(error) or "not supported" in str(error):
            pytest.skip("no IPv6 on this machine")
        raise
    with connect(address) as client:
        assert ask(client, b"x") == b"x"
