"""The line to a target: one connection, and how fast calls may leave on it."""

import asyncio

from harness.clock import monotonic
from harness.defects.caller import Caller
from harness.endpoint import Endpoint
from harness.endpoint.further import Further
from harness.endpoint.opening import open_aio_channel
from harness.errors import UsageError

CEILING_PER_S = 1000.0
"""The most calls a second that a probe may make."""


def open_line(endpoint: Endpoint, address: str) -> Caller:
    """Open a channel; it connects with its first call.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    return Caller(open_aio_channel(endpoint, address), Further(endpoint.metadata))


class ProbePace:
    """Let calls go one after another, evenly spaced; idle time is not saved up."""

    def __init__(self, per_s: float) -> None:
        if not 0 < per_s <= CEILING_PER_S:
            raise UsageError(
                f"--per-s {per_s:g} must be above 0 and at most {CEILING_PER_S:g}: a probe is no load test"
            )
        self._apart_s = 1.0 / per_s
        self._next_s = 0.0

    async def pause(self) -> None:
        """Wait until the next call may leave."""
        now_s = monotonic()
        wait_s = self._next_s - now_s
        self._next_s = max(self._next_s, now_s) + self._apart_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)
