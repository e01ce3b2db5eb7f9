"""The commands of the issuer's control port."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from harness.clock import monotonic_ns
from harness.errors import UsageError
from harness.faults.in_issuer import issuer_fault
from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.control.server import Command
from harness.lab.issuer.keys import IssuerKey
from harness.lab.issuer.service import IssuerService
from harness.lab.listener import Listener


@dataclass
class IssuerChaos:
    """Carry out commands; the answer of each change holds ``at_ns``, when it took effect."""

    service: IssuerService
    public: Listener
    clock: ChaosClock
    down: bool = False
    keys_made: int = 1
    key_steps: list[str] = field(default_factory=list)
    """The ids of the steps that changed the keys."""

    def commands(self) -> dict[str, Command]:
        """Return the commands by name."""
        faults = ("state", "begin_fault", "end_fault", "new_generation", "set_down")
        names = (*faults, "publish_key", "rotate", "retire_keys")
        return {name: getattr(self, name) for name in names} | {"move_clock": self.clock.order}

    def state(self) -> dict[str, Any]:
        """Tell what is so now."""
        mint = self.service.mint
        return {
            "clock": self.clock.state(),
            "generation": mint.generation,
            "lifetime_s": mint.lifetime_s,
            "keys": {**mint.ring.to_json(), "steps": list(self.key_steps)},
            "down": self.down,
            "faults": self.service.faults.to_json(),
            "counters": dict(self.service.counters),
            "answers": dict(self.service.answers),
        }

    def new_generation(self) -> dict[str, Any]:
        """End the present generation of tokens."""
        ended = self.service.mint.new_generation()
        return {"at_ns": monotonic_ns(), "generation": ended}

    async def set_down(self, down: bool) -> dict[str, Any]:
        """Close or open the public port."""
        if not isinstance(down, bool):
            raise TypeError(f"down={down!r} is neither true nor false")
        await (self.public.close() if down else self.public.open())
        self.down = down
        return {"at_ns": monotonic_ns()}

    def begin_fault(self, step: str, fault: str, settings: dict[str, Any]) -> dict[str, Any]:
        """Put a fault in force; raises `ValueError` for one that is none, or whose settings are wrong."""
        try:
            self.service.faults.begin(step, issuer_fault(fault, settings))
        except (UsageError, ImportError) as error:
            raise ValueError(str(error)) from error
        return {"at_ns": monotonic_ns()}

    def end_fault(self, step: str) -> dict[str, Any]:
        """End a step's fault, if it is in force."""
        self.service.faults.end(step)
        return {"at_ns": monotonic_ns()}

    async def publish_key(self, step: str = "") -> dict[str, Any]:
        """Publish the next key."""
        spare = await self._spare_key()
        self.service.mint.ring.publish(spare)
        return self._keys_changed(step)

    async def rotate(self, overlap: bool, publish: bool = True, step: str = "") -> dict[str, Any]:
        """Sign with the next key."""
        spare = await self._spare_key()
        self.service.mint.ring.rotate(spare, overlap=overlap, publish=publish)
        return self._keys_changed(step)

    def retire_keys(self, step: str = "") -> dict[str, Any]:
        """Publish no key that signs no more."""
        self.service.mint.ring.retire()
        return self._keys_changed(step)

    async def _spare_key(self) -> IssuerKey:
        """Return a key for a step that may need one; made in a thread, for RSA takes long."""
        algorithm = self.service.mint.ring.signs.algorithm
        if algorithm == "HS256":
            raise ValueError(
                "HS256 shares one secret with the target; rotation needs a key pair: ES256, RS256, PS256 or EdDSA"
            )
        self.keys_made += 1
        return await asyncio.to_thread(IssuerKey.generate, algorithm, self.keys_made)

    def _keys_changed(self, step: str) -> dict[str, Any]:
        self.key_steps.append(step)
        return {"at_ns": monotonic_ns(), **self.service.mint.ring.to_json()}
