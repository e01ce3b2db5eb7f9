"""Which faults are in force, and what they make of calls and connections."""

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Any

from harness.lab.gateway.agreement import Limits
from harness.lab.gateway.faults import GatewayFault, Opening
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.treatment import Treatment
from harness.lab.gateway.tunnel import Tunnel

MOST_BITS = 32


@dataclass(frozen=True)
class Posted:
    """A fault in force; ``bit`` is its place in the rows' ``faults``, ``memory`` what it keeps until it ends."""

    fault: GatewayFault
    serial: int
    bit: int
    memory: dict[Any, Any] = field(default_factory=dict)

    def limits(self, copy: int) -> Limits:
        """Return what the fault allows a copy's connections."""
        return self.fault.limits() if not self.fault.copies or copy in self.fault.copies else Limits()


class FaultBoard:
    """Keep the faults that are in force by name.

    ``seed`` draws which calls a fault touches: the same seed, commands, and order of connections and calls draw alike.
    """

    def __init__(self, seed: int) -> None:
        self.posted: dict[str, Posted] = {}
        self._seed = seed
        self._serial = 0

    def post(self, name: str, fault: GatewayFault, bit: int | None, tunnels: Iterable[Tunnel]) -> Posted:
        """Let a fault begin; raises ValueError for a name that is in use or a bit that no row has."""
        if name in self.posted:
            raise ValueError(f"fault {name!r} is in force already; end it first")
        if bit is not None and not 0 <= bit < MOST_BITS:
            raise ValueError(f"bit={bit} is not from 0 to {MOST_BITS - 1}")
        posted = Posted(fault, self._serial, self._serial % MOST_BITS if bit is None else bit)
        self._serial += 1
        before = dict(self.posted)
        self.posted[name] = posted
        for tunnel in list(tunnels):
            self._relimit(tunnel, before.values())
            if not fault.copies or tunnel.copy in fault.copies:
                fault.strike(tunnel)
        return posted

    def clear(self, name: str, tunnels: Iterable[Tunnel]) -> None:
        """Let a fault end; raises ValueError where it is not in force."""
        if name not in self.posted:
            raise ValueError(f"no fault {name!r} is in force; there are {sorted(self.posted)}")
        before = list(self.posted.values())
        del self.posted[name]
        for tunnel in list(tunnels):
            self._relimit(tunnel, before)

    def greet(self, tunnel: Tunnel) -> None:
        """Let the limits in force hold for a connection that begins."""
        self._relimit(tunnel, ())

    def plan(self, tunnel: Tunnel, stream_id: int, request: Fields) -> Treatment | None:
        """Return what is to be done to a call that begins, or None."""
        if not self.posted:
            return None
        method = next((value for name, value, _ in request if name == b":path"), b"").decode("latin-1")
        treatment = None
        for posted in self.posted.values():
            opening = Opening(tunnel, stream_id, method, request, posted.memory)
            if posted.fault.may_touch(tunnel.copy, method) and self._is_drawn(posted, opening):
                treatment = treatment or Treatment()
                treatment.faults |= 1 << posted.bit
                posted.fault.touch(opening, treatment)
        return treatment

    def _is_drawn(self, posted: Posted, opening: Opening) -> bool:
        if posted.fault.share >= 1:
            return True
        name = f"{self._seed}/{posted.serial}/{opening.connection.serial}/{opening.stream_id}"
        return random.Random(name).random() < posted.fault.share

    def _relimit(self, tunnel: Tunnel, before: Collection[Posted]) -> None:
        limits = _tightest(tunnel.copy, self.posted.values())
        if limits != _tightest(tunnel.copy, before):
            tunnel.limit(limits)


def _tightest(copy: int, posted: Iterable[Posted]) -> Limits:
    """Return the limits that several faults together set: of each the smallest."""
    limits = Limits()
    for one in posted:
        other = one.limits(copy)
        names = [name.name for name in fields(Limits) if getattr(other, name.name) is not None]
        limits = replace(limits, **{name: _smaller(getattr(limits, name), getattr(other, name)) for name in names})
    return limits


def _smaller(limit: int | None, other: int) -> int:
    return other if limit is None else min(limit, other)
