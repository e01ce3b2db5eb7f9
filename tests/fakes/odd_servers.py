"""Servers on loopback that are no gRPC server, or not one as a client wants it."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from h2.exceptions import ProtocolError

from tests.endpoint.certificates import Pair

Serve = Callable[[socket.socket], None]
"""What a server does with one connection; it is closed afterwards."""


@contextmanager
def listening(serve: Serve, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve connections, each in a thread of its own; yield the address."""
    listener = socket.create_server(("127.0.0.1", 0))
    opened: list[socket.socket] = []

    def one(connected: socket.socket) -> None:
        with contextlib.suppress(OSError, ProtocolError), connected:
            if tls is None:
                serve(connected)
                return
            with tls.wrap_socket(connected, server_side=True) as secure:
                opened.append(secure)
                serve(secure)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connected, _ = listener.accept()
                opened.append(connected)
                threading.Thread(target=one, args=(connected,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        for found in (listener, *opened):
            with contextlib.suppress(OSError):
                found.close()


def server_tls(pair: Pair, alpn: tuple[str, ...] = ()) -> ssl.SSLContext:
    """Return a server's side of TLS that offers these protocols."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def answers(data: bytes) -> Serve:
    """Read a little, and answer with bytes."""

    def serve(connected: socket.socket) -> None:
        connected.recv(1024)
        connected.sendall(data)

    return serve


def greets_first(data: bytes) -> Serve:
    """Send bytes before anything was read, and close when the client does."""

    def serve(connected: socket.socket) -> None:
        connected.sendall(data)
        while connected.recv(1024):
            pass

    return serve


def closes(connected: socket.socket) -> None:
    """Close at once."""


def is_silent(connected: socket.socket) -> None:
    """Read, and say nothing."""
    while connected.recv(1024):
        pass


def http2(*headers: tuple[str, str], body: bytes = b"", ends: bool = True) -> Serve:
    """Speak HTTP/2, and answer every request with these headers; with none, never."""

    def serve(connected: socket.socket) -> None:
        connection = H2Connection(H2Configuration(client_side=False))
        connection.initiate_connection()
        connected.sendall(connection.data_to_send())
        while data := connected.recv(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, RequestReceived) and headers:
                    connection.send_headers(event.stream_id, headers, end_stream=ends and not body)
                    if body:
                        connection.send_data(event.stream_id, body, end_stream=ends)
            connected.sendall(connection.data_to_send())

    return serve
