"""One proxy: its listener, its connections, and the doses that they get.

Changes of toxics take effect on open connections at once and never wait for a peer. Each accepted
client is connected to the upstream in a task of its own, with a timeout, so that an upstream which
never answers holds up nothing else.
"""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

from harness.lab.proxy import address as addresses
from harness.lab.proxy.connection import Connection, PeerStream, Traffic
from harness.lab.proxy.dial import dial
from harness.lab.proxy.dice import Dice
from harness.lab.proxy.dose import Dose
from harness.lab.proxy.errors import ApiError, toxic_exists, toxic_not_found
from harness.lab.proxy.listener import ProxyListener
from harness.lab.proxy.stage import Budget, Stage
from harness.lab.proxy.toxics import Toxic

log = logging.getLogger("jwtstorm.proxy")


@dataclass
class Rules:
    """What all proxies of a server share; ``strict`` turns off what differs from the original."""

    dice: Dice
    budget: Budget = field(default_factory=Budget)
    connect_timeout_s: float | None = 10.0
    strict: bool = False


@dataclass
class ProxyCounts:
    """Connections of a proxy since it was created."""

    accepted: int = 0
    failed: int = 0
    """Accepted, but the upstream did not answer."""


class Proxy:
    """A named way from a listen address to an upstream."""

    def __init__(self, name: str, listen: str, upstream: str, rules: Rules) -> None:
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.doses: dict[str, Dose] = {}
        self.traffic = {stream: Traffic() for stream in PeerStream}
        self.counts = ProxyCounts()
        self.connections: set[Connection] = set()
        self._rules = rules
        self._dice = rules.dice.named("proxy", name)
        self._serial = 0
        self._dials: set[asyncio.Task[None]] = set()
        self._listener = ProxyListener(self._welcome)

    # --- addresses ---------------------------------------------------------------------------

    @property
    def enabled(self) -> bool:
        """Return whether the proxy listens."""
        return self._listener.is_open

    async def start(self) -> None:
        """Listen, and name the real address from now on; starting twice is allowed.

        Raises `ApiError` 500 where that is impossible.
        """
        if not self.enabled:
            self.listen = await self._listener.open(self.listen)

    def stop(self) -> None:
        """Stop listening and close every connection at once; stopping twice is allowed."""
        self._listener.close()
        for dialling in self._dials:
            dialling.cancel()
        for connection in list(self.connections):
            connection.abort()

    async def differs(self, listen: str, upstream: str | None) -> bool:
        """Return whether these addresses are others than the proxy's; a port 0 always is."""
        return str(await addresses.resolve(listen)) != self.listen or upstream not in {None, self.upstream}

    async def move(self, listen: str | None, upstream: str | None, enabled: bool | None) -> None:
        """Change listen, upstream and enabled, each unless None; a move closes every connection.

        Raises `ApiError` 500 where the new address cannot be had. The proxy is then as it was; in
        strict mode it stays stopped at the new address.
        """
        before = (self.listen, self.upstream, self.enabled)
        listen = self.listen if listen is None else listen
        if await self.differs(listen, upstream):
            self.stop()
            self.listen = listen
            self.upstream = self.upstream if upstream is None else upstream
        try:
            await self._switch(before[2] if enabled is None else enabled)
        except ApiError:
            if not self._rules.strict:
                self.listen, self.upstream = before[:2]
                await self._switch(before[2])
            raise

    async def _switch(self, enabled: bool) -> None:
        if enabled:
            await self.start()
        else:
            self.stop()

    # --- connections -------------------------------------------------------------------------

    def _welcome(self, client: socket.socket) -> None:
        self.counts.accepted += 1
        dialling = asyncio.get_running_loop().create_task(self._open(client, self.counts.accepted))
        self._dials.add(dialling)
        dialling.add_done_callback(self._dials.discard)

    async def _open(self, client: socket.socket, serial: int) -> None:
        try:
            server = await dial(self.upstream, self._rules.connect_timeout_s)
        except (OSError, TimeoutError, ApiError) as error:
            self.counts.failed += 1
            log.info("proxy %s: no connection to %s: %s", self.name, self.upstream, str(error) or "no answer in time")
            client.close()
        except asyncio.CancelledError:
            client.close()
            raise
        else:
            await self._join(client, server, serial)

    async def _join(self, client: socket.socket, server: socket.socket, serial: int) -> None:
        rules = self._rules
        connection = Connection(
            serial, self.traffic, self.connections.discard, budget=rules.budget, strict=rules.strict
        )
        self.connections.add(connection)
        self._dials.discard(cast("asyncio.Task[None]", asyncio.current_task()))  # from here on, `stop` aborts it
        await connection.attach(client, server)
        if rules.strict and any(dose.toxic.resets_later_closes for dose in self.doses.values()):
            connection.linger_to_reset()
        for dose in self.doses.values():
            self._fit(connection, dose)
        connection.start()

    # --- toxics ------------------------------------------------------------------------------

    def add(self, dose: Dose) -> Dose:
        """Put a dose at the end of its chain, on open connections too.

        Raises `ApiError` 409 where the name is taken, in either direction.
        """
        if dose.name in self.doses:
            raise toxic_exists()
        self._serial += 1
        self._redraw_before(self._serial, dose.direction)
        return self._put(dose.placed(self._serial))

    def change(self, name: str, toxic: Toxic, toxicity: float) -> Dose:
        """Give a dose new attributes and a new toxicity, on open connections too."""
        return self._put(self.dose(name).changed(toxic, toxicity, redraw=self._rules.strict))

    def remove(self, name: str) -> None:
        """Take a dose away, from open connections too; what it holds is handed on at once."""
        dose = self.dose(name)
        del self.doses[name]
        for connection in list(self.connections):
            flow = connection.flows[dose.direction]
            if flow.has(dose.serial):
                flow.remove(dose.serial)
            elif self._rules.strict and dose.toxic.closes_when_removed:
                connection.abort()
        self._redraw_before(dose.serial, dose.direction)

    def replace_doses(self, doses: Sequence[Dose]) -> None:
        """Have these doses and no others; nothing is touched where they are the same already."""
        if [dose.to_json() for dose in self.doses.values()] == [dose.to_json() for dose in doses]:
            return
        for name in list(self.doses):
            self.remove(name)
        for dose in doses:
            self.add(dose)

    def dose(self, name: str) -> Dose:
        """Return a dose by its name; raises `ApiError` 404."""
        if name not in self.doses:
            raise toxic_not_found()
        return self.doses[name]

    def listed(self) -> list[Dose]:
        """Return the doses as the API lists them: upstream ones first, each chain in its order."""
        doses = sorted(self.doses.values(), key=lambda dose: dose.serial)
        return [dose for stream in PeerStream for dose in doses if dose.direction is stream]

    def touched(self, dose: Dose) -> int:
        """Return how many open connections a dose touches."""
        return sum(connection.flows[dose.direction].has(dose.serial) for connection in self.connections)

    def to_json(self) -> dict[str, Any]:
        """Return the proxy as the API shows it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": [dose.to_json() for dose in self.listed()],
        }

    def _put(self, dose: Dose) -> Dose:
        self.doses[dose.name] = dose
        for connection in list(self.connections):
            self._fit(connection, dose)
        return dose

    def _redraw_before(self, serial: int, direction: PeerStream) -> None:
        """In strict mode, let the toxic in front of a place draw anew: the original restarts it."""
        before = [dose for dose in self.listed() if dose.direction is direction and dose.serial < serial]
        if self._rules.strict and before:
            self.change(before[-1].name, before[-1].toxic, before[-1].toxicity)

    def _fit(self, connection: Connection, dose: Dose) -> None:
        """Make a connection's stage agree with a dose: there or not, with the right attributes."""
        flow = connection.flows[dose.direction]
        there = flow.has(dose.serial)
        if not dose.touches(self._dice, connection.serial):
            if there:
                flow.remove(dose.serial)
        elif there:
            flow.change(dose.serial, dose.toxic)
        else:
            flow.insert(dose.serial, partial(self._stage, dose, connection))

    def _stage(self, dose: Dose, connection: Connection, now_s: float) -> Stage[Any]:
        dice = self._dice.random("stage", dose.serial, connection.serial)
        return dose.toxic.stage(dice, self._rules.budget, now_s)
