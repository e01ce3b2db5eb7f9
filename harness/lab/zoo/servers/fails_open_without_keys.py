"""Lets calls in that it cannot verify, so that an outage of the issuer is none of the service."""

from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, rejected
from harness.results.row import Cause

FINDS = ("KEY-03",)


def change(target: Assembly) -> None:
    """Let in whom the gate turns away for want of keys."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        judged = await gate.intercept_service(continuation, details)
        return await continuation(details) if rejected(target, judged, [Cause.KEYS_UNAVAILABLE]) else judged

    put_before(target, intercept)
