"""The commands of the issuer's control port."""

import asyncio
from dataclasses import dataclass
from typing import Any

from harness.clock import monotonic_ns
from harness.lab.chaos_clock import ChaosClock, number
from harness.lab.commands import Command
from harness.lab.issuer.keys import SigningKey
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

    def commands(self) -> dict[str, Command]:
        """Return the commands by name."""
        names = ("state", "set_lifetime", "new_generation", "set_down", "set_delay", "set_errors", "rotate")
        return {name: getattr(self, name) for name in names} | {"move_clock": self.clock.order}

    def state(self) -> dict[str, Any]:
        """Tell what is so now."""
        mint = self.service.mint
        return {
            "clock": self.clock.state(),
            "generation": mint.generation,
            "lifetime_s": mint.lifetime_s,
            "minted_lifetime_s": mint.lifetime_s if mint.minted_lifetime_s is None else mint.minted_lifetime_s,
            "kid": mint.key.kid,
            "down": self.down,
            "delay_s": self.service.delay_s,
            "error_status": self.service.error_status,
            "counters": dict(self.service.counters),
        }

    def set_lifetime(self, life_s: float | None) -> dict[str, Any]:
        """Mint another lifetime than clients are told."""
        self.service.mint.minted_lifetime_s = None if life_s is None else number("life_s", life_s, 0)
        return {"at_ns": monotonic_ns()}

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

    def set_delay(self, delay_s: float) -> dict[str, Any]:
        """Let the token endpoint wait."""
        self.service.delay_s = number("delay_s", delay_s, 0)
        return {"at_ns": monotonic_ns()}

    def set_errors(self, status: int | None, retry_after_s: int = 0) -> dict[str, Any]:
        """Let the token endpoint fail."""
        if status is not None and not (type(status) is int and 400 <= status <= 599):
            raise ValueError(f"status={status!r} is no HTTP error; give 400 to 599, or null")
        self.service.retry_after_s = int(number("retry_after_s", retry_after_s, 0))
        self.service.error_status = status
        return {"at_ns": monotonic_ns()}

    async def rotate(self, overlap: bool) -> dict[str, Any]:
        """Sign with a new key; made in a thread, for RSA takes long."""
        mint = self.service.mint
        if mint.key.algorithm == "HS256":
            raise ValueError(
                "HS256 shares one secret with the target; rotate needs a key pair: ES256, RS256, PS256 or EdDSA"
            )
        self.keys_made += 1
        key = await asyncio.to_thread(SigningKey.generate, mint.key.algorithm, self.keys_made)
        mint.rotate(key, overlap)
        return {"at_ns": monotonic_ns(), "kid": key.kid}
