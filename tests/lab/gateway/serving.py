"""A gateway process under test, and real peers on either side of it."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc

from harness.lab.control.client import GatewayControl
from harness.lab.processes.child import Child
from tests.endpoint.certificates import Pair

SECRET = "s" * 16
METHOD = "/test.Echo/Call"
STREAM = "/test.Echo/Talk"


@dataclass(frozen=True)
class Gateway:
    """A running gateway."""

    child: Child
    control: GatewayControl
    folder: Path

    @property
    def log(self) -> str:
        """Return what it has said."""
        return self.child.log.read_text()

    def memory_bytes(self) -> int:
        """Return how much memory it takes."""
        return int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def open_files(self) -> int:
        """Return how many descriptors it has open."""
        return len(list(Path(f"/proc/{self.child.pid}/fd").iterdir()))

    def count(self, name: str) -> int:
        """Return how often something happened."""
        return int(self.control.state()["counts"].get(name, 0))


@contextlib.contextmanager
def gateway(folder: Path, *addresses: str, rows: bool = True, **settings: Any) -> Iterator[Gateway]:
    """Run a gateway before some addresses; whatever happened, it must not have said a traceback."""
    upstream = {"addresses": list(addresses), **settings.pop("upstream", {})}
    given = {"upstream": upstream, "control_secret": SECRET, "token_key": "ab" * 32, **settings}
    given["folder"] = str(folder) if rows else None
    with Child.start("gateway", "harness.lab.gateway", given, folder / "gateway.log") as child:
        running = Gateway(child, GatewayControl(child.ready["control_url"], SECRET), folder)
        yield running
    assert "Traceback" not in running.log, running.log


class Echo(grpc.GenericRpcHandler):  # type: ignore[type-arg]
    """Echo bytes: unary by `METHOD`, message by message by `STREAM`; ``seen`` holds each call's metadata."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.answering = threading.Event()
        self.answering.set()

    def service(self, details: Any) -> Any:
        self.seen.append(dict(details.invocation_metadata))
        if details.method == METHOD:
            return grpc.unary_unary_rpc_method_handler(self._call)
        return grpc.stream_stream_rpc_method_handler(self._talk)

    def _call(self, request: bytes, _: Any) -> bytes:
        self.bodies.append(request)
        self.answering.wait(30)
        return request

    def _talk(self, requests: Iterator[bytes], _: Any) -> Iterator[bytes]:
        yield from requests


@contextlib.contextmanager
def echoing(
    pair: Pair | None = None, authority: Path | None = None, options: Sequence[tuple[str, int]] = ()
) -> Iterator[tuple[str, Echo]]:
    """Serve on loopback: with TLS where there is a pair, for clients that the authority knows where there is one."""
    echo = Echo()
    server = grpc.server(ThreadPoolExecutor(16), handlers=[echo], options=[("grpc.so_reuseport", 0), *options])
    if pair is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        root = authority.read_bytes() if authority is not None else None
        chain = [(pair.key.read_bytes(), pair.certificate.read_bytes())]
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(chain, root, root is not None))
    server.start()
    try:
        yield f"127.0.0.1:{port}", echo
    finally:
        echo.answering.set()
        server.stop(0).wait(10)


@contextlib.contextmanager
def channel(address: str, credentials: Any = None) -> Iterator[grpc.Channel]:
    """Connect a client of its own."""
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.enable_http_proxy", 0)]
    opened = (
        grpc.insecure_channel(address, options)
        if credentials is None
        else grpc.secure_channel(address, credentials, options)
    )
    try:
        yield opened
    finally:
        opened.close()


def calling(opened: grpc.Channel, method: str = METHOD) -> Callable[..., Any]:
    """Return a callable that makes unary calls with bytes."""
    made: Any = opened.unary_unary
    return made(method)  # type: ignore[no-any-return]


def talking(opened: grpc.Channel) -> Callable[..., Any]:
    """Return a callable that opens a stream of messages both ways."""
    made: Any = opened.stream_stream
    return made(STREAM)  # type: ignore[no-any-return]


def code_of(call: Callable[[], Any]) -> grpc.StatusCode:
    """Return the status with which a call fails, or OK."""
    try:
        call()
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK
