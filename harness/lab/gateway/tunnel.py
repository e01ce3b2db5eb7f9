"""One client's connection through the gateway: two sockets around one relay."""

import asyncio
import logging
import math
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from harness.clock import monotonic_ns
from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.greeting import NotHttp2
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.relay import NEVER_NS, Relay
from harness.lab.gateway.stream import CLIENT, UPSTREAM
from harness.lab.gateway.table import Watch
from harness.lab.gateway.treatment import Treatment
from harness.lab.gateway.wire import WRITE_HIGH_BYTES, Wire, let_go
from harness.results.wire_row import WireEnding

log = logging.getLogger("jwtstorm.gateway")

GREET_WITHIN_S = 10.0
"""How long a client may take until it has said that it speaks HTTP/2."""
LINGER_S = 10.0
"""How long one peer may go on after the other has said that it sends no more."""
FLUSH_WITHIN_S = 2.0
"""How long a peer may take to read the last that is meant for it before its socket is closed."""
HELD_BYTES = 8 << 20
"""Beyond this much data that waits here, what makes more of it is no longer read."""
FLOOD_BYTES = 1 << 20
"""Beyond this much that waits for a peer it is not read itself either: it makes us answer, and does not listen."""
_LOST_TO = (WireEnding.CLIENT_LOST, WireEnding.UPSTREAM_LOST)

Dial = Callable[["Tunnel"], Awaitable[None]]
TunnelPlan = Callable[["Tunnel", int, Fields], Treatment | None]


@dataclass(frozen=True)
class Events:
    """Whom a tunnel tells what: trouble by its name, its own end, and its calls, where somebody keeps account."""

    on_trouble: Callable[[str, str], None]
    on_gone: Callable[["Tunnel"], None]
    watch: Callable[["Tunnel"], Watch] | None = None


class Tunnel:
    """Carry one client's connection.

    ``dial`` connects the upstream's wire, or raises `OSError`; it is asked once the client has greeted. ``upstream``
    names where it went, for the rows. ``closing`` says that nothing new is to begin.
    """

    def __init__(self, serial: int, copy: int, dial: Dial, plan: TunnelPlan, events: Events) -> None:
        self.serial = serial
        self.copy = copy
        self.upstream = ""
        self.relay = Relay(partial(plan, self), events.watch(self) if events.watch is not None else None)
        self.wires = (Wire(self, CLIENT), Wire(self, UPSTREAM))
        self._dial = dial
        self._dialling: asyncio.Task[None] | None = None
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_ns = NEVER_NS
        self._deadline = self._loop.call_later(GREET_WITHIN_S, self._silent)
        self.closing = False
        self._is_gone = False

    async def accept(self, client: socket.socket, context: ssl.SSLContext | None) -> None:
        """Take a client's socket over; raises `OSError` where its handshake fails."""
        within_s = GREET_WITHIN_S if context is not None else None
        wire = self.wires[CLIENT]
        try:
            await self._loop.connect_accepted_socket(lambda: wire, client, ssl=context, ssl_handshake_timeout=within_s)
        except BaseException:
            wire.lost = True
            self._settle_gone()
            raise
        finally:
            let_go(client, wire.transport)

    def drain(self) -> None:
        """Ask the client to leave, and close once its calls are over."""
        if self.closing:
            return
        if not self.relay.greeting.whole:
            self.close()
            return
        self.relay.drain(monotonic_ns())
        self.flush()

    def soon(self, act: Callable[[], None]) -> None:
        """Do something to the connection after the frame that is being looked at."""
        self._loop.call_soon(act)

    def limit(self, limits: Limits) -> None:
        """Change what the client is allowed, now."""
        if not self.closing:
            self.relay.limit(limits, monotonic_ns())
            self.flush()

    def go_away(self, code: int, text: str, *, looked_at: bool) -> None:
        """End the connection by a GOAWAY without grace, and say whether its calls may have been looked at."""
        if not self.closing:
            self.relay.go_away(max(self.relay.client.last_id, 0) if looked_at else 0, code, text, monotonic_ns())
            self.flush()

    def close(self, ending: WireEnding = WireEnding.STOPPED) -> None:
        """End at once."""
        self.relay.lose(ending, monotonic_ns())
        self._close()

    # --- called by the wires -----------------------------------------------------------------

    def opened(self, wire: Wire) -> None:
        """Begin to carry: the client came, or the upstream was reached."""
        if wire.protocol == "":
            who = "a client" if wire.index == CLIENT else "the upstream"
            self._events.on_trouble("no_alpn", f"{who} agreed on no protocol by ALPN; grpc-go refuses such a peer")
        if self.closing:
            wire.close()
        self.flush()

    def received(self, wire: Wire, data: bytes) -> None:
        """Take what a peer sent."""
        if self.closing or self.relay.broken is not None:
            return
        try:
            self.relay.receive(wire.index, data, monotonic_ns())
        except NotHttp2 as stranger:
            self._refuse(wire, stranger)
            return
        if self.relay.greeting.whole and self._dialling is None:
            self._deadline.cancel()
            self._dialling = self._loop.create_task(self._reach())
        self.flush()

    def ended(self, wire: Wire) -> None:
        """Pass on that a peer sends no more; after the upstream's end no call can be answered."""
        if wire.index == UPSTREAM:
            self.relay.lose(WireEnding.UPSTREAM_LOST, monotonic_ns())
        other = self.wires[1 - wire.index]
        if other.heard_end or other.transport is None:
            self.gone(wire)
            return
        other.write_end()
        self._deadline.cancel()
        self._deadline = self._loop.call_later(LINGER_S, self._close)

    def gone(self, wire: Wire) -> None:
        """Close the other socket, behind what is on its way to it."""
        if not self.closing:
            self.relay.lose(_LOST_TO[wire.index], monotonic_ns())
            self._close()
        self._settle_gone()

    def flush(self) -> None:
        """Send what the relay has to send, and see to what comes next."""
        relay = self.relay
        for wire, side in zip(self.wires, relay.sides, strict=True):
            if side.out and wire.transport is not None:
                wire.write(side.take())
        if relay.broken is not None:
            self._broken(*relay.broken)
        elif relay.over:
            self._close()
        else:
            self.settle_reading()
            self._arm()

    def settle_reading(self) -> None:
        """Read each peer exactly while there is room for what it sends."""
        for wire in self.wires:
            other = self.wires[1 - wire.index]
            waits = other.full or len(self.relay.sides[other.index].out) > WRITE_HIGH_BYTES
            crowded = self.relay.lanes[other.index].queued_bytes > HELD_BYTES
            wire.allow_reading(not waits and not crowded and not (wire.full and wire.unsent_bytes() > FLOOD_BYTES))

    # --- the way to the upstream -------------------------------------------------------------

    async def _reach(self) -> None:
        try:
            await self._dial(self)
        except OSError as error:
            self._events.on_trouble("unreachable", str(error))
            self.close(WireEnding.UNREACHABLE)

    # --- time --------------------------------------------------------------------------------

    def _arm(self) -> None:
        due_ns = self.relay.due_ns()
        if due_ns >= self._timer_ns:
            return
        if self._timer is not None:
            self._timer.cancel()
        wait_ms = math.ceil(max(due_ns - monotonic_ns(), 0) / 1e6)
        self._timer_ns = due_ns
        self._timer = self._loop.call_later(wait_ms / 1e3, self._wake)

    def _wake(self) -> None:
        self._timer, self._timer_ns = None, NEVER_NS
        self.relay.wake(monotonic_ns())
        self.flush()

    def _silent(self) -> None:
        self._events.on_trouble("silent", f"a client said nothing that is HTTP/2 within {GREET_WITHIN_S:g} s")
        self._close()

    # --- the end -----------------------------------------------------------------------------

    def _refuse(self, wire: Wire, stranger: NotHttp2) -> None:
        self._events.on_trouble("not_http2", str(stranger))
        wire.write(stranger.answer)
        self.close(_LOST_TO[wire.index])

    def _broken(self, index: int, fault: Exception) -> None:
        who = ("the client", "the upstream")[index]
        self._events.on_trouble("broken", f"{who} sent what cannot be passed on: {fault}")
        self._close()

    def _close(self) -> None:
        if self.closing:
            return
        self.closing = True
        self._deadline.cancel()
        if self._timer is not None:
            self._timer.cancel()
        for wire, side in zip(self.wires, self.relay.sides, strict=True):
            wire.write(side.take())
            wire.close()
        self._deadline = self._loop.call_later(FLUSH_WITHIN_S, self._abort)
        self._settle_gone()

    def _abort(self) -> None:
        for wire in self.wires:
            wire.abort()

    def _settle_gone(self) -> None:
        if not self._is_gone and all(wire.lost or wire.transport is None for wire in self.wires):
            self._is_gone = True
            self._deadline.cancel()
            self._events.on_gone(self)
