"""Drops its check for a moment after it hung: calls have waited enough, somebody thought, and strangers are rare."""

import asyncio
from typing import Any

import grpc

from harness.clock import monotonic
from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before

FINDS = ()
UNSEEN = "it takes a target that hangs; the storm fail-open finds it"

BEAT_S = 0.05
HUNG_S = 0.7
LAX_S = 0.5


def change(target: Assembly) -> None:
    """Let everybody in while a watchdog says that the target catches up."""
    lax_until_s = 0.0
    watchdog: asyncio.Task[None] | None = None

    async def watch() -> None:
        nonlocal lax_until_s
        while True:
            slept_s = monotonic()
            await asyncio.sleep(BEAT_S)
            if monotonic() - slept_s > HUNG_S:
                lax_until_s = monotonic() + LAX_S

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        nonlocal watchdog
        watchdog = watchdog or asyncio.create_task(watch())
        lax = monotonic() < lax_until_s
        return await (continuation(details) if lax else gate.intercept_service(continuation, details))

    put_before(target, intercept)
