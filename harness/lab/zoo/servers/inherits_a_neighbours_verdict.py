"""Keeps the caller in a variable of the server: while a good stream is open, everybody is that caller."""

from collections.abc import AsyncIterator
from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, rejected

FINDS = ("WIRE-12",)


def change(target: Assembly) -> None:
    """Let calls in while a good stream is open."""
    open_streams = [0]

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        judged: Any = await gate.intercept_service(continuation, details)
        real = await continuation(details)
        if rejected(target, judged) and open_streams[0] and real is not None:
            return real
        if rejected(target, judged) or real is None or real.stream_stream is None:
            return judged

        async def watched(requests: Any, context: Any) -> AsyncIterator[Any]:
            open_streams[0] += 1
            try:
                async for response in judged.stream_stream(requests, context):
                    yield response
            finally:
                open_streams[0] -= 1

        codec = (real.request_deserializer, real.response_serializer)
        return grpc.stream_stream_rpc_method_handler(watched, *codec)

    put_before(target, intercept)
