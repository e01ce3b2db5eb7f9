"""Checks unary calls only: the interceptor for streams is another setting."""

from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before

FINDS = ("WIRE-02", "WIRE-03", "WIRE-04", "WIRE-07")


def change(target: Assembly) -> None:
    """Let streams pass the gate."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        handler = await continuation(details)
        if handler is not None and (handler.request_streaming or handler.response_streaming):
            return handler
        return await gate.intercept_service(continuation, details)

    put_before(target, intercept)
