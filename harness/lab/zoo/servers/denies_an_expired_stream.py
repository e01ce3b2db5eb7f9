"""Cuts a stream at its token's end with PERMISSION_DENIED: clients do not come back."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import jwt

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, rejected, values_of

FINDS = ("LIFE-02",)


def change(target: Assembly) -> None:
    """Compare the end before each message of a bidi stream, and do nothing else about streams."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        judged: Any = await gate.intercept_service(continuation, details)
        real = await continuation(details)
        if rejected(target, judged) or real is None or real.stream_stream is None:
            return judged
        token = "".join(values_of(details.invocation_metadata, "authorization")).removeprefix("Bearer ")
        end_s = jwt.decode(token, options={"verify_signature": False})["exp"]

        async def guarded(requests: Any, context: Any) -> AsyncIterator[Any]:
            async for response in judged.stream_stream(requests, context):
                if target.clock() >= end_s:
                    await context.abort(grpc.StatusCode.PERMISSION_DENIED, "token expired")
                yield response

        codec = (real.request_deserializer, real.response_serializer)
        return grpc.stream_stream_rpc_method_handler(guarded, *codec)

    target.wrap_warden = lambda _: None
    put_before(target, intercept)
