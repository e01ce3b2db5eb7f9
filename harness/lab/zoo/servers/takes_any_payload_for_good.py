"""Raises on a payload that it cannot read, outside of everything that catches."""

import base64
import json
from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, values_of

FINDS = ("CLM-07", "HEAD-11", "TIME-09", "WIRE-08", "WIRE-13")


def change(target: Assembly) -> None:
    """Decode the claims for the log before the gate is asked."""

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        token = "".join(values_of(details.invocation_metadata, "authorization")).removeprefix("Bearer ")
        segment = token.split(".")[1] if token.count(".") == 2 else ""
        if len(segment) > 1:
            claims = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
            claims.get("sub")
        return await gate.intercept_service(continuation, details)

    put_before(target, intercept)
