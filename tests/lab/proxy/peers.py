"""Real peers on loopback for the tests of the proxy: upstreams in threads, clients as sockets."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator

PATIENCE_S = 20.0
"""How long a test waits for what must happen; no test measures it."""
RESET_LINGER = struct.pack("ii", 1, 0)

Handler = Callable[[socket.socket], None]


class Upstream:
    """A server on a free port of loopback: one thread per connection runs ``handler``."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self.address = "{}:{}".format(*self._listener.getsockname())
        self._accepting.start()

    def close(self) -> None:
        """Stop listening, cut every connection, wait for the threads."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(PATIENCE_S)
        for accepted in self._sockets:
            with contextlib.suppress(OSError):
                accepted.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_S)
        for accepted in self._sockets:
            accepted.close()

    def _accept(self) -> None:
        while True:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            accepted.settimeout(PATIENCE_S)
            self._sockets.append(accepted)
            thread = threading.Thread(target=self._serve, args=(accepted,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, accepted: socket.socket) -> None:
        with contextlib.suppress(OSError):
            self._handler(accepted)


@contextlib.contextmanager
def upstream(handler: Handler) -> Iterator[Upstream]:
    """Serve while the block runs."""
    server = Upstream(handler)
    try:
        yield server
    finally:
        server.close()


def echo(accepted: socket.socket) -> None:
    """Send everything back, and the end of it too."""
    while data := accepted.recv(65536):
        accepted.sendall(data)
    accepted.shutdown(socket.SHUT_WR)


def connect(address: str) -> socket.socket:
    """Return a client socket that gives up after `PATIENCE_S`."""
    host, _, port = address.rpartition(":")
    client = socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE_S)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def read_exactly(client: socket.socket, count: int) -> bytes:
    """Return so many bytes, or fewer where the stream ends."""
    data = bytearray()
    while len(data) < count and (part := client.recv(min(65536, count - len(data)))):
        data += part
    return bytes(data)


def read_to_end(client: socket.socket) -> bytes:
    """Return what comes until EOF."""
    return read_exactly(client, 2**62)


def ask(client: socket.socket, data: bytes) -> bytes:
    """Send bytes and return as many."""
    client.sendall(data)
    return read_exactly(client, len(data))


def reset(client: socket.socket) -> None:
    """Close with an RST."""
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)
    client.close()


def ending(client: socket.socket) -> str:
    """Return how the peer ended the connection: ``eof`` or ``reset``; data before it is dropped."""
    try:
        read_to_end(client)
    except ConnectionResetError:
        return "reset"
    return "eof"


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds."""
    until_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until_s, f"never: {what}"
        time.sleep(0.01)
