"""The commands of the issuer's control port."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from harness.clock import monotonic, monotonic_ns
from harness.lab.clocks.chaos_clock import ChaosClock, number
from harness.lab.control.server import Command
from harness.lab.issuer.keys import SigningKey
from harness.lab.issuer.rate_limit import RateLimit
from harness.lab.issuer.service import JWKS_ANSWERS, IssuerService
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
        names = (
            *("state", "set_lifetime", "new_generation", "set_down", "set_delay", "set_errors", "set_rate_limit"),
            *("set_same_token", "set_token_size", "set_jwks", "publish_key", "rotate", "retire_keys"),
        )
        return {name: getattr(self, name) for name in names} | {"move_clock": self.clock.order}

    def state(self) -> dict[str, Any]:
        """Tell what is so now."""
        service, mint = self.service, self.service.mint
        limit = service.limit
        return {
            "clock": self.clock.state(),
            "generation": mint.generation,
            "lifetime_s": mint.lifetime_s,
            "minted_lifetime_s": mint.life_s,
            "lifetime_moved": mint.minted_lifetime_s is not None,
            "token_size_bytes": mint.size_bytes,
            "keys": {**mint.ring.to_json(), "steps": list(self.key_steps)},
            "down": self.down,
            "delay_s": service.delay_s,
            "error_status": service.error_status,
            "rate_limit": {"per_s": limit.per_s, "retry_after_s": limit.retry_after_s} if limit else {},
            "same_token": service.same_token,
            "jwks": {"answer": service.jwks_answer, "delay_s": service.jwks_delay_s},
            "counters": dict(service.counters),
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

    def set_rate_limit(self, per_s: float | None, retry_after_s: int = 0) -> dict[str, Any]:
        """Grant so many token requests a second and answer 429 to the rest."""
        wait_s = int(number("retry_after_s", retry_after_s, 0))
        self.service.limit = None if per_s is None else RateLimit(number("per_s", per_s, 0), wait_s, monotonic)
        return {"at_ns": monotonic_ns()}

    def set_same_token(self, same_token: bool) -> dict[str, Any]:
        """Answer each client with its last token while that one lives."""
        self.service.same_token = bool(same_token)
        return {"at_ns": monotonic_ns()}

    def set_token_size(self, size_bytes: int) -> dict[str, Any]:
        """Pad new tokens."""
        self.service.mint.size_bytes = int(number("size_bytes", size_bytes, 0))
        return {"at_ns": monotonic_ns()}

    def set_jwks(self, answer: str | None, delay_s: float = 0.0) -> dict[str, Any]:
        """Serve the key set late, or something else in its place."""
        if answer is not None and answer not in JWKS_ANSWERS:
            raise ValueError(f"answer={answer!r} is unknown; give one of {', '.join(JWKS_ANSWERS)}, or null")
        self.service.jwks_delay_s = number("delay_s", delay_s, 0)
        self.service.jwks_answer = answer
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

    async def _spare_key(self) -> SigningKey:
        """Return a key for a step that may need one; made in a thread, for RSA takes long."""
        algorithm = self.service.mint.ring.signs.algorithm
        if algorithm == "HS256":
            raise ValueError(
                "HS256 shares one secret with the target; rotation needs a key pair: ES256, RS256, PS256 or EdDSA"
            )
        self.keys_made += 1
        return await asyncio.to_thread(SigningKey.generate, algorithm, self.keys_made)

    def _keys_changed(self, step: str) -> dict[str, Any]:
        self.key_steps.append(step)
        return {"at_ns": monotonic_ns(), **self.service.mint.ring.to_json()}
