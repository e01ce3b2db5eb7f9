"""Fixtures: a client of each transport, an honest server, a raw peer; what holds after every test.

Clients are processes (`transport.tests.client`), one per transport and test worker; servers run in threads here.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"  # before grpc loads: clients are started beside running servers

from transport.tests.calling import GRPCIO, NATIVE
from transport.tests.client import NOT_BUILT, Client, native_is_built
from transport.tests.peer import Peer, Play
from transport.tests.server import Server

Clients = Callable[[str], Client]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not native_is_built():
        terminalreporter.write_line(f"nothing of native was tested: {NOT_BUILT}", yellow=True)


@pytest.fixture(scope="session")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clients]:
    """Clients by transport, each started when it is first asked for, and again after it died."""
    folder: Path = tmp_path_factory.mktemp("clients")
    running: dict[str, Client] = {}

    def of(transport: str) -> Client:
        if transport not in running or not running[transport].alive():
            running[transport] = Client(transport, folder / f"{transport}.log")
        return running[transport]

    yield of
    for client in running.values():
        client.stop()


@pytest.fixture(params=[GRPCIO, NATIVE])
def client(request: pytest.FixtureRequest, clients: Clients) -> Iterator[Client]:
    """A client of each transport in turn, which lives on and has not panicked."""
    if request.param == NATIVE and not native_is_built():
        pytest.skip(NOT_BUILT)
    client = clients(request.param)
    said = len(client.complaints())
    yield client
    assert client.alive()
    assert "panicked" not in client.complaints()[said:]


@pytest.fixture
def new_client(client: Client, tmp_path: Path) -> Iterator[Callable[[], Client]]:
    """Start clients of a test's own, on the transport of `client`."""
    with ExitStack() as stack:

        def started() -> Client:
            another = Client(client.transport, tmp_path / "client.log")
            stack.callback(another.stop)
            return another

        yield started


@pytest.fixture
def server() -> Iterator[Server]:
    """An honest server."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def start() -> Iterator[Callable[..., Server]]:
    """Start servers of a test's own; they stop with it."""
    with ExitStack() as stack:

        def started(*arguments: object, **named: object) -> Server:
            server = Server(*arguments, **named)  # type: ignore[arg-type]
            stack.callback(server.stop)
            return server

        yield started


@pytest.fixture
def play() -> Iterator[Callable[[Play], Peer]]:
    """Start raw peers that play a script on every connection; they stop with the test."""
    with ExitStack() as stack:

        def played(script: Play) -> Peer:
            peer = Peer(script)
            stack.callback(peer.stop)
            return peer

        yield played
