import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from harness.endpoint import Endpoint, Tls, names
from harness.endpoint.names import Place, spread
from harness.transport.peers import connected_to, most, total

TWO = ("127.0.0.1", "127.0.0.2")


@contextmanager
def listening(*hosts: str) -> Iterator[int]:
    """Listen on one port of several addresses of this machine; yield the port."""
    with ExitStack() as stack:
        first = stack.enter_context(socket.create_server((hosts[0], 0)))
        port = int(first.getsockname()[1])
        for host in hosts[1:]:
            stack.enter_context(socket.create_server((host, port)))
        yield port


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let ``shop`` have two addresses of this machine."""

    def resolve(address: str) -> list[Place]:
        return [Place(socket.AF_INET, (host, int(address.rpartition(":")[2]))) for host in TWO]

    monkeypatch.setattr(names, "resolve", resolve)


@pytest.mark.usefixtures("shop")
def test_a_name_is_spread_over_its_addresses_where_that_is_asked_for() -> None:
    with listening(*TWO) as port:
        endpoint = Endpoint((f"shop:{port}",), balance="round-robin")
        found = spread(endpoint)
        assert found.addresses == (f"127.0.0.1:{port}", f"127.0.0.2:{port}")
        assert found.authority == f"shop:{port}"
        assert spread(Endpoint((f"shop:{port}",))).addresses == (f"shop:{port}",)


@pytest.mark.usefixtures("shop")
def test_tls_still_asks_for_the_name() -> None:
    with listening(*TWO) as port:
        found = spread(Endpoint((f"shop:{port}",), tls=Tls(), balance="round-robin"))
    assert found.tls == Tls(server_name="shop")
    assert found.authority == ""


@pytest.mark.usefixtures("shop")
def test_an_address_that_takes_no_connection_is_left_out_unless_none_does() -> None:
    with listening(TWO[1]) as port:
        endpoint = Endpoint((f"shop:{port}",), balance="round-robin")
        assert spread(endpoint).addresses == (f"127.0.0.2:{port}",)
    assert len(spread(endpoint).addresses) == 2


def test_connections_are_counted_by_peer() -> None:
    with listening(*TWO) as port, ExitStack() as stack:
        for host in (TWO[0], TWO[0], TWO[1]):
            stack.enter_context(socket.create_connection((host, port)))
        assert connected_to([f"shop:{port}"]) == {f"127.0.0.1:{port}": 2, f"127.0.0.2:{port}": 1}
    assert connected_to(["unix:/run/x"]) == {}


def test_looks_of_a_worker_keep_the_most_and_workers_are_added() -> None:
    assert most([{"a": 1}, {"a": 3, "b": 1}]) == {"a": 3, "b": 1}
    assert total([{"connected_to": {"a": 1}}, {"connected_to": {"a": 2, "b": 1}}, {}]) == {"a": 3, "b": 1}


@pytest.mark.parametrize(
    ("endpoint", "said"),
    [
        (Endpoint(("a:1",), balance="random"), "balance"),
        (Endpoint(("a:1", "b:1"), balance="round-robin"), "give one name, or drop balance="),
    ],
)
def test_a_balance_that_cannot_be_is_refused(endpoint: Endpoint, said: str) -> None:
    assert any(said in text for text in endpoint.mistakes())
