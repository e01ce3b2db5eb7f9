"""The gateway: listeners that open and close on demand, and the tunnels through them."""

import asyncio
import logging
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from harness.errors import LabError
from harness.lab.gateway.board import FaultBoard
from harness.lab.gateway.dial import Dialler
from harness.lab.gateway.settings import GatewaySettings, ServerTls, Upstream
from harness.lab.gateway.table import Watch
from harness.lab.gateway.tls import handshake_words, server_context
from harness.lab.gateway.tunnel import Events, Tunnel
from harness.lab.proxy.errors import ApiError
from harness.lab.proxy.listener import ProxyListener

log = logging.getLogger("jwtstorm.gateway")

_TOLD_OF_A_KIND = 20
"""How often one kind of trouble is logged; all of it is counted."""


@dataclass(frozen=True)
class Port:
    """One listener: whose copy of the client it is for, and where its calls go."""

    copy: int
    address: str
    listener: ProxyListener
    context: ssl.SSLContext | None
    dial: Dialler


class Gateway:
    """Carry clients to upstreams; ``watch`` keeps account of a connection's calls, None of none."""

    def __init__(self, settings: GatewaySettings, board: FaultBoard, watch: Callable[[Tunnel], Watch] | None) -> None:
        self.tunnels: set[Tunnel] = set()
        self.ports: dict[int, Port] = {}
        self.counts: Counter[str] = Counter()
        self._settings = settings
        self._board = board
        self._dial = Dialler(settings.upstream)
        self._events = Events(self._trouble, self._gone, watch)
        self._idle = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(
        self, copy: int, listen: str = "127.0.0.1:0", tls: ServerTls | None = None, upstream: Upstream | None = None
    ) -> str:
        """Open a copy's listener and return its address.

        Raises `LabError` where the address is taken or the copy has one already, `UsageError` for TLS files that
        cannot be used.
        """
        if copy in self.ports:
            raise LabError(f"gateway: copy {copy} has a listener already, {self.ports[copy].address}; close it first")
        context = server_context(tls) if tls is not None else None
        dialler = self._dial if upstream is None else Dialler(upstream)
        listener = ProxyListener(lambda client: self._accept(copy, client))
        try:
            address = await listener.open(listen)
        except ApiError as error:
            raise LabError(f"gateway: cannot listen on {listen}: {error.text}; 127.0.0.1:0 takes a free port") from None
        self.ports[copy] = Port(copy, address, listener, context, dialler)
        return address

    def close(self, copy: int, *, drain: bool = True) -> None:
        """Close a copy's listener, and its connections: once their calls are over, or at once."""
        port = self.ports.pop(copy, None)
        if port is None:
            raise LabError(f"gateway: copy {copy} has no listener; open are {sorted(self.ports)}")
        port.listener.close()
        for tunnel in [one for one in self.tunnels if one.copy == copy]:
            tunnel.drain() if drain else tunnel.close()

    async def drain(self, within_s: float) -> int:
        """Close everything, let open calls end within that time, and return how many had to be cut."""
        for copy in list(self.ports):
            self.close(copy)
        for tunnel in list(self.tunnels):
            tunnel.drain()
        self._idle.clear()
        if self.tunnels:
            try:
                async with asyncio.timeout(within_s):
                    await self._idle.wait()
            except TimeoutError:
                log.warning("%d connections had calls open after %g s: cut", len(self.tunnels), within_s)
        cut = sum(tunnel.relay.open_streams for tunnel in self.tunnels)
        for tunnel in list(self.tunnels):
            tunnel.close()
        return cut

    @property
    def open_streams(self) -> int:
        """Return how many calls are open."""
        return sum(tunnel.relay.open_streams for tunnel in self.tunnels)

    # --- clients -----------------------------------------------------------------------------

    def _accept(self, copy: int, client: socket.socket) -> None:
        port = self.ports.get(copy)
        if port is None:
            client.close()
            return
        self.counts["connections"] += 1
        serial = self.counts["connections"]
        tunnel = Tunnel(serial, copy, port.dial, self._board.plan, self._events)
        self.tunnels.add(tunnel)
        task = asyncio.get_running_loop().create_task(self._greet(tunnel, client, port.context))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, tunnel: Tunnel, client: socket.socket, context: ssl.SSLContext | None) -> None:
        try:
            await tunnel.accept(client, context)
        except OSError as error:
            self._trouble("handshake", f"a client's handshake failed: {handshake_words(error)}")
        else:
            self._board.greet(tunnel)

    # --- what tunnels tell -------------------------------------------------------------------

    def _trouble(self, kind: str, text: str) -> None:
        self.counts[kind] += 1
        if self.counts[kind] <= _TOLD_OF_A_KIND:
            log.warning("%s: %s", kind, text)

    def _gone(self, tunnel: Tunnel) -> None:
        self.tunnels.discard(tunnel)
        if not self.tunnels:
            self._idle.set()
