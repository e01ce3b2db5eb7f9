"""Servers under test: the embedded one, the same in strict mode, and a real Toxiproxy 2.12 where there is one."""

import contextlib
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import urllib3

from harness.lab.processes.child import Child
from harness.lab.toxiproxy.client import ProxyClient
from tests.lab.proxy.peers import Upstream, echo

KINDS = ("embedded", "strict", "real")
NO_REAL = "no toxiproxy-server; make toxiproxy installs it where Go is"


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def error(self) -> str:
        """Return the text of a refusal."""
        return str(self.json()["error"])


@dataclass(frozen=True)
class Server:
    """A Toxiproxy under test."""

    kind: str
    url: str
    pid: int
    pool: urllib3.PoolManager

    @property
    def client(self) -> ProxyClient:
        """Return our own client of it."""
        return ProxyClient(self.url, timeout_s=10.0)

    def ask(self, line: str, body: str | bytes | None = None, **headers: str) -> Answer:
        """Send ``POST /proxies``; return the answer, whatever it is."""
        method, path = line.split(" ", 1)
        answer = self.pool.request(method, self.url + path, body=body, headers=headers, redirect=False)
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    def clear(self) -> None:
        """Delete every proxy."""
        for name in self.client.proxies():
            self.client.delete(name)


def real_server() -> str | None:
    """Return where a real Toxiproxy is installed: on PATH, beside our interpreter, or under build/."""
    places = [str(Path(sys.executable).parent), "build/toxiproxy"]
    return shutil.which("toxiproxy-server") or shutil.which("toxiproxy-server", path=":".join(places))


@contextlib.contextmanager
def serving(kind: str, log: Path, **settings: Any) -> Iterator[Server]:
    """Run one server."""
    module = "harness.lab.toxiproxy.binary" if kind == "real" else "harness.lab.proxy"
    given = {"path": real_server()} if kind == "real" else {"seed": 7, "strict_compat": kind == "strict", **settings}
    pool = urllib3.PoolManager(timeout=10.0, retries=False)
    with Child.start(kind, module, given, log) as child:
        yield Server(kind, child.ready["url"], child.pid, pool)
        assert child.alive(), log.read_text()
    pool.clear()


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Return a function that gives the server of a kind, started once per test process."""
    log = tmp_path_factory.mktemp("proxies")
    with contextlib.ExitStack() as stack:
        started: dict[str, Server] = {}

        def of(kind: str) -> Server:
            if kind not in started:
                started[kind] = stack.enter_context(serving(kind, log / f"{kind}.log"))
            return started[kind]

        yield of
        for kind in started.keys() & {"embedded", "strict"}:
            assert "Traceback" not in (log / f"{kind}.log").read_text()


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest, servers: Any) -> Iterator[Server]:
    """Each server in turn, without a proxy."""
    if request.param == "real" and real_server() is None:
        pytest.skip(NO_REAL)
    found = servers(request.param)
    found.clear()
    yield found
    found.clear()


@pytest.fixture
def embedded(servers: Any) -> Iterator[Server]:
    """Return the embedded server, without a proxy."""
    found = servers("embedded")
    found.clear()
    yield found
    found.clear()


@pytest.fixture
def echoing() -> Iterator[str]:
    """Return the address of an upstream that sends everything back."""
    server = Upstream(echo)
    yield server.address
    server.close()
