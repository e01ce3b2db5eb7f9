"""How long the target's answers take: work, and stalls."""

import asyncio
from dataclasses import dataclass

from harness.clock import monotonic


@dataclass
class AnswerPace:
    """Hold an answer for the handler's ``work_s``, and all of them until a stall is over."""

    work_s: float = 0.0
    stalled_until_s: float = 0.0

    async def hold(self) -> None:
        """Wait until the answer may go out."""
        if self.work_s:
            await asyncio.sleep(self.work_s)
        while (left_s := self.stalled_until_s - monotonic()) > 0:  # noqa: ASYNC110 - a stall may be lengthened
            await asyncio.sleep(left_s)
