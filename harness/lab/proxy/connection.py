"""One connection through a proxy: two peers, two flows, and how they end.

A peer's EOF goes to the other peer as EOF, so a half-closed connection still carries the answer. A
peer that is lost closes the other one behind whatever is still on its way to it.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import cast

from harness.lab.proxy.flow import Flow
from harness.lab.proxy.stage import Budget, Ending, Item, StageGate

WRITE_HIGH_BYTES = 256 * 1024
"""Beyond this much unsent data the sender is no longer read."""
GATE = 0
"""Serial number of the gate, in front of every toxic."""
RESET_LINGER = struct.pack("ii", 1, 0)


class PeerStream(Enum):
    """A direction; the value is its name in the API."""

    UPSTREAM = "upstream"
    """From the client to the server."""
    DOWNSTREAM = "downstream"
    """From the server to the client."""


@dataclass
class Traffic:
    """What went through one direction of a proxy, over all its connections, while they are open too."""

    received_bytes: int = 0
    sent_bytes: int = 0


class Peer(asyncio.Protocol):
    """One socket of a connection: one flow begins here, the other one ends here."""

    far: "Peer"

    def __init__(self, connection: "Connection", read: Traffic, written: Traffic) -> None:
        self.flow: Flow
        self.lost = False
        self.told_eof = False
        self._connection = connection
        self._read = read
        self._written = written
        self._transport: asyncio.Transport | None = None
        self._full = False
        self._heard_all = False
        self._heard_close = False

    # --- called by the event loop ------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the socket over."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES)

    def data_received(self, data: bytes) -> None:
        """Send bytes on their way: straight to the far peer where no toxic stands between."""
        self._read.received_bytes += len(data)
        if self.flow.pipe.stages:
            self.flow.feed(data)
        else:
            self.far.write(data)

    def eof_received(self) -> bool:
        """Pass the end of sending on; the socket stays open for what comes back."""
        self._hear(self._connection.eof)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the far peer, behind what is on its way to it, and forget what was meant for this one."""
        del exc
        self.lost = True
        self._end_source()
        self.far.flow.die()
        self._connection.settle()

    def pause_writing(self) -> None:
        """Note that the peer does not keep up."""
        self._full = True
        self.far.flow.settle_reading()

    def resume_writing(self) -> None:
        """Send more."""
        self._full = False
        self.far.flow.pump()

    # --- called by the flows -----------------------------------------------------------------

    def put(self, item: Item, now_s: float) -> None:
        """Write bytes, or carry out an ending."""
        del now_s
        if isinstance(item.load, Ending):
            self._connection.end(self, item.load)
        else:
            self.write(item.load)

    def has_room(self) -> bool:
        """Return whether more may be written."""
        return self._transport is not None and not self._full and not self.lost

    def allow_reading(self, allow: bool) -> None:
        """Start or stop reading."""
        transport = self._transport
        if transport is None or self._heard_all or transport.is_closing() or allow == transport.is_reading():
            return
        transport.resume_reading() if allow else transport.pause_reading()

    def write(self, data: bytes) -> None:
        """Write bytes, unless the peer is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._written.sent_bytes += len(data)
            self._transport.write(data)

    # --- called by the connection ------------------------------------------------------------

    def write_eof(self) -> None:
        """Tell the peer that no more will come."""
        self.told_eof = True
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close once everything written has left."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.close()
            asyncio.get_running_loop().call_soon(self._end_source)

    def abort(self, *, reset: bool = False) -> None:
        """Close at once; what is not sent yet is lost. With ``reset``, send an RST."""
        if self._transport is not None and not self.lost:
            if reset:
                self.linger_to_reset()
            self._transport.abort()

    def give_up(self, taken: socket.socket) -> None:
        """Close a socket that never became this peer's."""
        if self._transport is None:
            taken.close()
            self.lost = True

    def linger_to_reset(self) -> None:
        """Make every later close of this socket an RST."""
        if self._transport is not None:
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_LINGER)

    def _end_source(self) -> None:
        self._hear(Ending.CLOSE)

    def _hear(self, ending: Ending) -> None:
        self._heard_all = True
        if not self._heard_close:
            self._heard_close = ending is Ending.CLOSE
            self.flow.feed(ending)


class Connection:
    """A client, its server, and the flows between; ``on_gone`` is called once both are lost.

    ``strict`` ends connections as the original does: an EOF closes the other side whole, and a reset
    is an RST only where the sockets were prepared for it.
    """

    def __init__(
        self,
        serial: int,
        traffic: dict[PeerStream, Traffic],
        on_gone: Callable[["Connection"], None],
        *,
        budget: Budget,
        strict: bool = False,
    ) -> None:
        self.serial = serial
        self.eof = Ending.CLOSE if strict else Ending.EOF
        self._strict = strict
        up, down = traffic[PeerStream.UPSTREAM], traffic[PeerStream.DOWNSTREAM]
        self.client = Peer(self, read=up, written=down)
        self.server = Peer(self, read=down, written=up)
        self.client.far, self.server.far = self.server, self.client
        self.client.flow = Flow(self.server, self.client.allow_reading)
        self.server.flow = Flow(self.client, self.server.allow_reading)
        self.flows = {PeerStream.UPSTREAM: self.client.flow, PeerStream.DOWNSTREAM: self.server.flow}
        self._on_gone = on_gone
        self._aborted = False
        for flow in self.flows.values():
            flow.insert(GATE, lambda _: StageGate(budget))

    async def attach(self, client: socket.socket, server: socket.socket) -> None:
        """Take both sockets over, for good or ill; what they send is held until `start`."""
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(lambda: self.server, server)
            await loop.connect_accepted_socket(lambda: self.client, client)
        except OSError:
            self._aborted = True
        if self._aborted:
            self.abort()
            for peer, taken in ((self.client, client), (self.server, server)):
                peer.give_up(taken)
            self.settle()

    def start(self) -> None:
        """Let everything through: both peers are there, and so are the toxics."""
        for flow in self.flows.values():
            if flow.has(GATE):
                flow.remove(GATE)

    def end(self, peer: Peer, ending: Ending) -> None:
        """Carry out an ending that has reached a peer."""
        if ending is Ending.RESET:
            self.abort(reset=not self._strict)
        elif ending is Ending.CLOSE:
            peer.close()
        elif not peer.told_eof:
            peer.write_eof()
            if peer.far.told_eof:
                self.client.close()
                self.server.close()

    def linger_to_reset(self) -> None:
        """Make every later close of either socket an RST."""
        for peer in (self.client, self.server):
            peer.linger_to_reset()

    def abort(self, *, reset: bool = False) -> None:
        """Close both sockets at once."""
        self._aborted = True
        for peer in (self.client, self.server):
            peer.abort(reset=reset)

    def settle(self) -> None:
        """Clean up once both peers are lost."""
        if self.client.lost and self.server.lost:
            for flow in self.flows.values():
                flow.die()
            self._on_gone(self)
