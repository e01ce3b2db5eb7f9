"""One socket of a tunnel: asyncio's callbacks, and when it is read."""

import asyncio
import socket
from typing import Protocol, cast

WRITE_HIGH_BYTES = 256 * 1024
"""Beyond this much unsent data, what makes more of it is no longer read."""


class WireCarrier(Protocol):
    """Whom a wire tells what happened to its socket: a tunnel."""

    def opened(self, wire: "Wire") -> None:
        """Begin to carry."""

    def received(self, wire: "Wire", data: bytes) -> None:
        """Take what a peer sent."""

    def ended(self, wire: "Wire") -> None:
        """Note that a peer sends no more."""

    def gone(self, wire: "Wire") -> None:
        """Note that a socket is gone."""

    def settle_reading(self) -> None:
        """Read each peer exactly while there is room."""


def let_go(taken: socket.socket, transport: asyncio.Transport | None) -> None:
    """Keep Python from closing a descriptor that uvloop has closed.

    uvloop takes a socket's descriptor over, and the socket object only when it has told the protocol. A transport that
    is closed in between leaves an object that closes the same number again, which may be a newer connection's by then.
    """
    if transport is None or transport.is_closing():
        taken.detach()


class Wire(asyncio.Protocol):
    """One peer's socket; ``index`` says whose. A wire without a transport keeps what is written for later."""

    def __init__(self, tunnel: "WireCarrier", index: int) -> None:
        self.index = index
        self.full = False
        self.lost = False
        self.heard_end = False
        self.transport: asyncio.Transport | None = None
        self._tunnel = tunnel
        self._told_end = False

    @property
    def peer(self) -> str:
        """Return the other end's address, or an empty text."""
        name = self.transport.get_extra_info("peername") if self.transport is not None else None
        return f"{name[0]}:{name[1]}" if name else ""

    @property
    def protocol(self) -> str | None:
        """Return what ALPN agreed on; an empty text where TLS agreed on nothing, None without TLS."""
        encrypted = self.transport.get_extra_info("ssl_object") if self.transport is not None else None
        return None if encrypted is None else encrypted.selected_alpn_protocol() or ""

    @property
    def has_certificate(self) -> bool:
        """Return whether the peer has shown a certificate."""
        return bool(self.transport is not None and self.transport.get_extra_info("peercert"))

    # --- called by the event loop ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket over."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)
        self._tunnel.opened(self)

    def data_received(self, data: bytes) -> None:
        """Hand what was read to the relay."""
        self._tunnel.received(self, data)

    def eof_received(self) -> bool:
        """Note that the peer sends no more; the answers to what it has sent may still go to it."""
        self.heard_end = True
        self._tunnel.ended(self)
        return self.protocol is None and not self.lost

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the socket is gone."""
        del exc
        self.lost = True
        self._tunnel.gone(self)

    def pause_writing(self) -> None:
        """Note that the peer does not keep up."""
        self.full = True
        self._tunnel.settle_reading()

    def resume_writing(self) -> None:
        """Note that it does again."""
        self.full = False
        self._tunnel.settle_reading()

    # --- called by the tunnel ----------------------------------------------------------------

    def unsent_bytes(self) -> int:
        """Return how much waits for the peer."""
        return self.transport.get_write_buffer_size() if self.transport is not None else 0

    def write(self, data: bytes) -> None:
        """Send; what is meant for a peer that is gone is forgotten."""
        if data and self.transport is not None and not self._told_end and not self.transport.is_closing():
            self.transport.write(data)

    def write_end(self) -> None:
        """Tell the peer that no more comes; over TLS that closes the connection."""
        if self.transport is None or self._told_end or self.transport.is_closing():
            return
        self._told_end = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    def close(self) -> None:
        """Close once everything written has left."""
        if self.transport is not None:
            self.transport.close()

    def abort(self) -> None:
        """Close at once."""
        if self.transport is not None:
            self.transport.abort()

    def allow_reading(self, allow: bool) -> None:
        """Start or stop reading."""
        transport = self.transport
        if transport is None or self.heard_end or transport.is_closing() or allow == transport.is_reading():
            return
        transport.resume_reading() if allow else transport.pause_reading()
