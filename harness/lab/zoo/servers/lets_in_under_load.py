"""Drops its check when calls crowd: an outage of the check is worse, somebody thought, than a stranger."""

from collections import deque
from typing import Any

import grpc

from harness.clock import monotonic
from harness.lab.target.assembly import Assembly, Interceptor
from harness.lab.zoo.seams import Continuation, put_before

FINDS = ()
UNSEEN = "it takes a crowd of calls; the storm fail-open finds it"

CROWD = 40
WITHIN_S = 0.1


def change(target: Assembly) -> None:
    """Let everybody in while forty calls came within a tenth of a second."""
    came_s: deque[float] = deque(maxlen=CROWD)

    async def intercept(gate: Interceptor, continuation: Continuation, details: grpc.HandlerCallDetails) -> Any:
        came_s.append(monotonic())
        crowded = len(came_s) == CROWD and came_s[-1] - came_s[0] < WITHIN_S
        return await (continuation(details) if crowded else gate.intercept_service(continuation, details))

    put_before(target, intercept)
