"""Runs the handler, and rejects the call then."""

import contextlib
from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, rejected

FINDS = ("WIRE-09",)


def change(target: Assembly) -> None:
    """Let the handler run before the rejection goes out."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        judged: Any = await gate.intercept_service(continuation, details)
        real = await continuation(details)
        if not rejected(target, judged) or not details.method.endswith("/Transfer"):
            return judged

        async def run(request: Any, context: Any) -> None:
            with contextlib.suppress(Exception):
                await real.unary_unary(request, context)
            await judged.stream_stream(None, context)

        return grpc.unary_unary_rpc_method_handler(run, real.request_deserializer)

    put_before(target, intercept)
