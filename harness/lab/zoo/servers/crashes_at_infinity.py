"""Turns the end into a whole number for its log, and raises OverflowError on 1e400."""

import contextlib
from typing import Any

import grpc
import jwt

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, values_of

FINDS = ("TIME-06", "TIME-07", "TIME-08", "WIRE-08", "WIRE-13")


def change(target: Assembly) -> None:
    """Convert the end before the gate is asked."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        token = "".join(values_of(details.invocation_metadata, "authorization")).removeprefix("Bearer ")
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, RecursionError):
            int(jwt.decode(token, options={"verify_signature": False}).get("exp", 0))
        return await gate.intercept_service(continuation, details)

    put_before(target, intercept)
