"""An HTTP proxy for tests: it opens tunnels and forwards requests, and notes whom it was asked for."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit


class HttpProxy:
    """What a proxy on loopback saw: ``asked`` holds the first line of each connection."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.asked: list[str] = []
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more, and close every connection."""
        self._listener.shutdown(socket.SHUT_RDWR)
        for found in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                found.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._open.append(client)
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        with contextlib.suppress(OSError):
            while b"\r\n\r\n" not in head and (more := client.recv(65_536)):
                head += more
            line, _, rest = head.partition(b"\r\n")
            self.asked.append(line.decode(errors="replace"))
            method, where, _ = self.asked[-1].split(" ", 2)
            if method == "CONNECT":
                server = self._connect(*where.rsplit(":", 1))
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                parts = urlsplit(where)
                server = self._connect(str(parts.hostname), str(parts.port or 80))
                path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
                server.sendall(f"{method} {path} HTTP/1.1\r\n".encode() + rest)
            threading.Thread(target=_pump, args=(server, client), daemon=True).start()
            _pump(client, server)

    def _connect(self, host: str, port: str) -> socket.socket:
        server = socket.create_connection((host.strip("[]"), int(port)), 5)
        self._open.append(server)
        return server


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def http_proxy() -> Iterator[HttpProxy]:
    """Serve a proxy."""
    proxy = HttpProxy()
    try:
        yield proxy
    finally:
        proxy.close()
