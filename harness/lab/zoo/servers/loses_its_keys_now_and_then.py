"""Has no keys for a moment, at every hundredth use of a token."""

from collections import Counter
from hashlib import sha256
from typing import Any

import grpc

from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before, values_of
from harness.results.row import Cause

FINDS = ("META-20", "OK-06")

USES = 100


def change(target: Assembly) -> None:
    """Turn every hundredth call under a token away as if the keys were gone."""
    used: Counter[bytes] = Counter()

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        token = sha256("".join(values_of(details.invocation_metadata, "authorization")).encode()).digest()
        used[token] += 1
        if used[token] % USES == 0:
            return target.turn_away(Cause.KEYS_UNAVAILABLE)
        return await gate.intercept_service(continuation, details)

    put_before(target, intercept)
