"""The stage: a target in this process, or a child, that trusts an issuer of ours."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.clock import wall
from harness.defects.good import Good
from harness.lab.clocks.chaos_clock import ChaosClock
from harness.lab.control.client import TargetControl
from harness.lab.place import LOOPBACK
from harness.lab.plan import TargetSettings
from harness.lab.processes.child import Child
from harness.lab.target.assembly import Assembly
from harness.lab.target.chaos import TargetChaos
from harness.lab.zoo import release
from harness.proof.bench import LedgerBench
from harness.proof.key_server import KeyStage

_KEYS = {"keys_lifetime_s": 0.8, "keys_cooldown_s": 0.1, "keys_timeout_s": 1.0}
"""Short, so that procedures need not wait for a cache to age."""


@asynccontextmanager
async def stage(algorithm: str, zoo: Sequence[str] = (), **changes: Any) -> AsyncIterator[LedgerBench]:
    """Serve a target in this process, with animals of the zoo where they are named; yield its bench."""
    async with _issuer(algorithm) as (good, keys):
        settings = _settings(good, zoo, changes)
        clock = ChaosClock()
        assembly = Assembly.of(_for_target(settings, good), clock)
        release(zoo, assembly)
        gate = assembly.gate()
        server = assembly.server(gate)
        port = server.add_insecure_port(f"{LOOPBACK}:0")
        await gate.keys.current()
        await server.start()
        bench = LedgerBench(f"{LOOPBACK}:{port}", good, keys, _Here(TargetChaos(gate, clock)), settings)
        try:
            yield bench
        finally:
            await bench.close()
            await server.stop(None)


@asynccontextmanager
async def child_stage(algorithm: str, log: Path, zoo: Sequence[str] = (), **changes: Any) -> AsyncIterator[LedgerBench]:
    """Serve a target in a process of its own; yield its bench."""
    async with _issuer(algorithm) as (good, keys):
        settings = _settings(good, zoo, changes)
        secret = secrets.token_urlsafe(24)
        given = {**_for_target(settings, good), "control_secret": secret}
        child = await asyncio.to_thread(Child.start, "target", "harness.lab.target", given, log)
        bench = None
        try:
            levers = _There(TargetControl(child.ready["control_url"], secret))
            bench = LedgerBench(child.ready["address"], good, keys, levers, settings)
            yield bench
        finally:
            if bench is not None:
                await bench.close()
            await asyncio.to_thread(child.stop)


@asynccontextmanager
async def _issuer(algorithm: str) -> AsyncIterator[tuple[Good, KeyStage]]:
    keys = KeyStage()
    await keys.open()
    good = Good.of(algorithm, keys.url, "ledger", wall(), canary_url=f"{keys.url}/canary")
    keys.jwks = good.jwks()
    if algorithm != "HS256":
        keys.strangers = {"keys": [good.stranger.jwk(), good.stranger.named(good.signer.kid).jwk()]}
    try:
        yield good, keys
    finally:
        await keys.close()


def _settings(good: Good, zoo: Sequence[str], changes: Mapping[str, Any]) -> TargetSettings:
    given: dict[str, Any] = {**_KEYS, "zoo": tuple(zoo), **changes}
    return TargetSettings(
        issuer=good.issuer, jwks_url=f"{good.issuer}/jwks.json", algorithms=(good.signer.algorithm,), **given
    )


def _for_target(settings: TargetSettings, good: Good) -> dict[str, Any]:
    shared = {"kid": good.signer.kid, "secret": good.signer.key.decode()} if good.signer.algorithm == "HS256" else None
    return {**asdict(settings), "shared_key": shared}


@dataclass(frozen=True)
class _Here:
    """Levers of a target in this process."""

    chaos: TargetChaos

    async def move_clock(self, skew_s: float, rate_ppm: float) -> None:
        self.chaos.clock.order(skew_s, rate_ppm)

    async def revoke_through(self, generation: int | None) -> None:
        self.chaos.revoke_through(generation)


@dataclass(frozen=True)
class _There:
    """Levers of a target in a process of its own."""

    control: TargetControl

    async def move_clock(self, skew_s: float, rate_ppm: float) -> None:
        await asyncio.to_thread(self.control.move_clock, skew_s, rate_ppm)

    async def revoke_through(self, generation: int | None) -> None:
        await asyncio.to_thread(self.control.revoke_through, generation)
