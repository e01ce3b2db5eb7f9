"""Says which methods there are before it asks who wants to know."""

from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before

FINDS = ("WIRE-05",)


def change(target: Assembly) -> None:
    """Look the method up before the gate is asked."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        handler = await continuation(details)
        return handler and await gate.intercept_service(continuation, details)

    put_before(target, intercept)
