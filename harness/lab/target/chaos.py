"""The commands of the target's control port."""

from dataclasses import dataclass, replace
from typing import Any

from harness.clock import monotonic_ns
from harness.lab.clocks.chaos_clock import ChaosClock, number
from harness.lab.control.server import Command
from harness.lab.target.gate import Gate


@dataclass
class TargetChaos:
    """Carry out commands; the answer of each change holds ``at_ns``, when it took effect."""

    gate: Gate
    clock: ChaosClock

    def commands(self) -> dict[str, Command]:
        """Return the commands by name."""
        names = ("state", "expire_through", "revoke_through", "set_leeway", "set_work", "stall")
        return {name: getattr(self, name) for name in names} | {"move_clock": self.clock.order}

    def state(self) -> dict[str, Any]:
        """Tell what is so now."""
        gate, settings = self.gate, self.gate.settings
        return {
            "clock": self.clock.state(),
            "counters": {
                "verdicts": dict(gate.verdicts),
                "handled": dict(gate.handled),
                "jwks_fetches": gate.keys.fetches,
                "jwks_failures": gate.keys.failures,
            },
            "expired_through": settings.expired_through,
            "revoked_through": settings.revoked_through,
            "leeway_s": settings.leeway_s,
            "work_s": gate.pace.work_s,
            "stalled_s": max(0.0, gate.pace.stalled_until_s - monotonic_ns() / 1e9),
        }

    def expire_through(self, generation: int | None) -> dict[str, Any]:
        """Reject tokens up to a generation as expired."""
        return self._demand(expired_through=_generation(generation))

    def revoke_through(self, generation: int | None) -> dict[str, Any]:
        """Reject tokens up to a generation as revoked."""
        return self._demand(revoked_through=_generation(generation))

    def set_leeway(self, leeway_s: float) -> dict[str, Any]:
        """Forgive that much clock skew."""
        return self._demand(leeway_s=number("leeway_s", leeway_s, 0))

    def set_work(self, work_s: float) -> dict[str, Any]:
        """Let every handler take that long."""
        self.gate.pace.work_s = number("work_s", work_s, 0)
        return {"at_ns": monotonic_ns()}

    def stall(self, seconds: float) -> dict[str, Any]:
        """Hold all answers back for so long."""
        at_ns = monotonic_ns()
        until_ns = at_ns + int(number("seconds", seconds, 0) * 1e9)
        self.gate.pace.stalled_until_s = until_ns / 1e9
        return {"at_ns": at_ns, "until_ns": until_ns}

    def _demand(self, **changes: Any) -> dict[str, Any]:
        self.gate.settings = replace(self.gate.settings, **changes)
        return {"at_ns": monotonic_ns()}


def _generation(generation: object) -> int | None:
    if generation is None or (type(generation) is int and generation >= 0):
        return generation
    raise ValueError(f"generation={generation!r} is no whole number from 0")
