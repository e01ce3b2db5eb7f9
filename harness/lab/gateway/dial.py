"""Reaching the upstream: its addresses in turns, plaintext or TLS."""

import asyncio
import ssl
from itertools import count

from harness.lab.gateway.settings import Upstream
from harness.lab.gateway.stream import UPSTREAM
from harness.lab.gateway.tls import client_context, handshake_words
from harness.lab.gateway.tunnel import Tunnel
from harness.lab.gateway.wire import let_go
from harness.lab.proxy.dial import dial
from harness.lab.proxy.errors import ApiError


class Dialler:
    """Connect tunnels to one upstream; each begins with the address after the last one's."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._context = client_context(upstream.tls) if upstream.tls is not None else None
        self._turn = count()

    async def __call__(self, tunnel: Tunnel) -> None:
        """Connect a tunnel's wire to the upstream; raises `OSError` in words where no address can be reached."""
        addresses = self._upstream.addresses
        first = next(self._turn) % len(addresses)
        reasons = []
        for address in addresses[first:] + addresses[:first]:
            if tunnel.closing:
                return
            try:
                await self._connect(tunnel, address)
            except (OSError, TimeoutError, ApiError) as error:
                reasons.append(f"upstream {address}: {_words(error)}")
            else:
                tunnel.upstream = address
                return
        raise OSError("; ".join(reasons))

    async def _connect(self, tunnel: Tunnel, address: str) -> None:
        # Never cancelled from here on: uvloop would forget a transport whose protocol believes in it.
        within_s = self._upstream.connect_timeout_s
        connected = await dial(address, within_s)
        wire = tunnel.wires[UPSTREAM]
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: wire,
                sock=connected,
                ssl=self._context,
                server_hostname=self._server_name(address),
                ssl_handshake_timeout=within_s if self._context is not None else None,
            )
        finally:
            let_go(connected, wire.transport)

    def _server_name(self, address: str) -> str | None:
        if self._upstream.tls is None:
            return None
        return self._upstream.tls.server_name or address.rpartition(":")[0].strip("[]")


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLError):
        return handshake_words(error)
    if isinstance(error, TimeoutError):
        return "no connection in time"
    if isinstance(error, ApiError):
        return error.text
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
