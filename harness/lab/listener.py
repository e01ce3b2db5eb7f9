"""An HTTP listener that can really be closed and opened again on its port."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from harness.endpoint.address import bracketed
from harness.errors import LabError
from harness.lab.place import LOOPBACK
from harness.lab.plain_http import PlainHttp

_BACKLOG = 1024


class Listener:
    """Serve an ASGI app on a port of loopback, or of the address ``host``; in HTTPS with ``tls``.

    uvicorn's protocol without its server, which cannot stop listening and go on. While closed, a
    bound socket that does not listen keeps the port: connections are refused, and nobody takes it.
    Raises `LabError` where the port is taken.
    """

    def __init__(
        self, app: Callable[..., Any], port: int = 0, host: str = LOOPBACK, tls: ssl.SSLContext | None = None
    ) -> None:
        self._config = Config(app, log_config=None, access_log=False, lifespan="off", proxy_headers=False)
        self._config.load()
        self._state = ServerState()
        self._server: asyncio.Server | None = None
        self._listening: socket.socket | None = None
        self._host = host
        self._tls = tls
        self._reserved = _bound(host, port)
        self.port = int(self._reserved.getsockname()[1])

    @property
    def url(self) -> str:
        """Return the address to reach it by, without a slash at the end."""
        return f"{'https' if self._tls else 'http'}://{bracketed(self._host)}:{self.port}"

    async def open(self) -> None:
        """Listen; does nothing where it listens already."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._listening = _bound(self._host, self.port)
            self._server = await loop.create_server(
                self._connect, sock=self._listening, backlog=_BACKLOG, ssl=self._tls
            )

    async def close(self) -> None:
        """Stop listening and abort all connections; does nothing where it is closed already."""
        if self._server is None:
            return
        server, self._server = self._server, None
        if self._listening is not None:
            with contextlib.suppress(OSError):  # uvloop closes a moment later; on Linux this refuses at once
                self._listening.shutdown(socket.SHUT_RDWR)
        server.close()
        for connection in list(self._state.connections):
            connection.transport.abort()
        await server.wait_closed()

    async def release(self) -> None:
        """Close, and give the port back: the end of this listener."""
        await self.close()
        self._reserved.close()

    def _connect(self) -> asyncio.Protocol:
        return PlainHttp(config=self._config, server_state=self._state, app_state={})


def https(certificate: str, key: str) -> ssl.SSLContext:
    """Return the context of an HTTPS server: by ALPN it speaks HTTP/1.1, whatever else a client offers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _bound(host: str, port: int) -> socket.socket:
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise LabError(
            f"cannot listen on {host}:{port}: {error.strerror}; give another port, or end what has it"
        ) from error
    bound.setblocking(False)
    return bound
