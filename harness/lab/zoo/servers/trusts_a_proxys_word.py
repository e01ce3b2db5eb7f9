"""Lets in whom a proxy vouches for, whoever says so."""

from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, values_of

FINDS = ("META-19",)


def change(target: Assembly) -> None:
    """Ask for no token where the entry of a proxy is there."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        if values_of(details.invocation_metadata, "x-forwarded-user"):
            return await continuation(details)
        return await gate.intercept_service(continuation, details)

    put_before(target, intercept)
