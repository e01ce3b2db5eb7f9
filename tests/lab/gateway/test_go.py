"""Peers that others wrote: grpc-go's own suite of interoperability tests, and a grpc-go client under load.

Each case is made directly and through the gateway, and must end the same way.
"""

import contextlib
import json
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.results.wire_journal_reader import read_wire
from harness.results.wire_row import WireEnding
from tests.endpoint.certificates import Authority, Pair
from tests.lab.gateway.serving import Gateway, gateway
from tests.lab.proxy.peers import eventually

BIN = Path("build/gateway")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not all((BIN / name).exists() for name in ("gopeer", "interop-client", "interop-server")),
        reason="no peers in Go: make gateway-peers builds them where Go is",
    ),
]
CASES = (
    "empty_unary",
    "large_unary",
    "client_streaming",
    "server_streaming",
    "ping_pong",
    "empty_stream",
    "timeout_on_sleeping_server",
    "cancel_after_begin",
    "cancel_after_first_response",
    "status_code_and_message",
    "special_status_message",
    "custom_metadata",
    "unimplemented_method",
    "unimplemented_service",
    "rpc_soak",
    "channel_soak",
)
FAULTS: dict[str, dict[str, Any]] = {
    "statuses": {"kind": "status", "code": 14, "share": 0.1},
    "resets": {"kind": "reset", "code": 7, "share": 0.1},
    "ends": {"kind": "delay", "end_s": 0.002, "share": 0.1},
    "requests": {"kind": "delay", "request_s": 0.002, "share": 0.1},
    "drains": {"kind": "goaway", "after_calls": 500},
    "windows": {"kind": "limits", "stream_window_bytes": 100, "max_streams": 20},
}


@dataclass(frozen=True)
class Way:
    """How a client reaches its server."""

    address: str
    authority: Path | None = None

    def arguments(self) -> list[str]:
        host, _, port = self.address.rpartition(":")
        tls = ["--use_tls", "--use_test_ca", f"--ca_file={self.authority}", "--server_host_override=127.0.0.1"]
        return [f"--server_host={host}", f"--server_port={port}", *(tls if self.authority else [])]


@contextlib.contextmanager
def interop_server(pair: Pair | None) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    tls = ["--use_tls", f"--tls_cert_file={pair.certificate}", f"--tls_key_file={pair.key}"] if pair else []
    with subprocess.Popen([BIN / "interop-server", f"--port={port}", *tls], stderr=subprocess.DEVNULL) as server:
        try:
            eventually(lambda: _accepts(port), "the interop server listens")
            yield f"127.0.0.1:{port}"
        finally:
            server.kill()


def _accepts(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def interop(case: str, way: Way) -> int:
    """Return how the suite's client ended."""
    few = [
        "--soak_iterations=20",
        "--soak_overall_timeout_seconds=60",
        "--soak_per_iteration_max_acceptable_latency_ms=30000",
    ]
    command = [str(BIN / "interop-client"), f"--test_case={case}", *way.arguments(), *few]
    return subprocess.run(command, capture_output=True, timeout=90, check=False).returncode


@pytest.fixture(scope="module", params=["plaintext", "tls"])
def ways(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Way, Way]]:
    """Return the direct way to the interop server, and the one through a gateway."""
    folder = tmp_path_factory.mktemp("interop")
    authority = Authority(folder) if request.param == "tls" else None
    pair = authority.sign("server", "127.0.0.1") if authority else None
    pem = authority.pem if authority else None
    upstream = {"tls": {"ca": str(pem)}} if pem else {}
    own = {"tls": {"certificate": str(pair.certificate), "key": str(pair.key)}} if pair else {}
    with interop_server(pair) as address, gateway(folder, address, upstream=upstream) as running:
        yield Way(address, pem), Way(running.control.open_listener(0, **own), pem)


@pytest.mark.parametrize("case", CASES)
def test_a_case_of_grpc_gos_own_suite_ends_as_it_does_without_a_gateway(case: str, ways: tuple[Way, Way]) -> None:
    direct, through = ways
    assert interop(case, direct) == interop(case, through) == 0


@contextlib.contextmanager
def go_server(*flags: str) -> Iterator[str]:
    command = [str(BIN / "gopeer"), "serve", *flags]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())["address"]
        assert server.stdin is not None
        server.stdin.close()


def load(address: str, server: str, **settings: int) -> dict[str, Any]:
    """Return what a client in Go says of its calls, and what the server saw."""
    flags = [text for name, value in settings.items() for text in (f"-{name}", str(value))]
    command = [str(BIN / "gopeer"), "load", "-addr", address, "-stats", server, *flags]
    told: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, timeout=300, check=True).stdout)
    return told


@pytest.fixture
def go_way(tmp_path: Path) -> Iterator[tuple[str, Gateway]]:
    with go_server() as address, gateway(tmp_path, address) as running:
        yield address, running


def test_no_call_is_lost_doubled_or_reordered_beside_streams(go_way: tuple[str, Gateway]) -> None:
    server, running = go_way
    told = load(running.control.open_listener(0), server, n=5000, c=50, held=200, echoes=3000, size=2000)
    assert (told["calls"], told["ok"], told["crossed"], told["reordered"], told["held"]) == (5000, 5000, 0, 0, 200)
    assert told["server"]["doubled"] == 0
    rows = running.control.drain()["rows"]["written"]
    assert rows == len(read_wire(running.folder, 0).rows) == 5000 + 1 + 200 + 1


def test_a_server_that_drains_its_connections_loses_no_call(tmp_path: Path) -> None:
    with go_server("-max-age", "300ms") as server, gateway(tmp_path, server) as running:
        told = load(running.control.open_listener(0), server, n=3000, c=20, rate=1500)
        assert (told["ok"], told["codes"], told["server"]["doubled"]) == (3000, {}, 0)
        assert running.count("connections") > 2


@pytest.mark.parametrize("name", FAULTS)
def test_no_call_is_lost_doubled_or_crossed_under_a_fault(name: str, go_way: tuple[str, Gateway]) -> None:
    server, running = go_way
    running.control.set_fault(name, FAULTS[name], bit=0)
    told = load(running.control.open_listener(0), server, n=3000, c=50, size=300)
    running.control.drain()
    rows = read_wire(running.folder, 0).rows
    answered = (rows["ending"] == WireEnding.ANSWERED).sum()
    assert told["calls"] == 3000 == told["ok"] + sum(told["codes"].values())
    assert (told["crossed"], told["server"]["doubled"]) == (0, 0)
    assert told["ok"] + 1 >= told["server"]["total"] >= told["ok"]  # the first call connects, and is not counted
    assert answered == told["server"]["total"]
    assert name in {"drains", "windows"} or (rows["faults"] == 1).mean() == pytest.approx(0.1, abs=0.05)
