"""The conduct of a probe: its parts one after another, what was found kept whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from harness.clock import monotonic
from harness.errors import HarnessError
from harness.probe.output.answer import INTERRUPTED
from harness.probe.result import ClockEstimate, Finding, Outcome, Piece, ProbeResult

LOST_IN_A_ROW = 8
"""Answers in a row that prove nothing, after which the target is given up."""


@dataclass(frozen=True)
class Task:
    """A part of the probe; ``run`` yields what it finds, as it finds it."""

    part: str
    run: Callable[[], AsyncIterator[Piece]]


class Conduct:
    """Carry tasks out, and keep the result of all that was found until the end, whichever end it is."""

    def __init__(self, blank: ProbeResult, watch: Callable[[str, int], None]) -> None:
        self._blank, self._watch = blank, watch
        self._findings: list[Finding] = []
        self._clocks: list[ClockEstimate] = []
        self._lost = 0
        self._started_s = monotonic()

    async def carry_out(self, tasks: Sequence[Task], within_s: float) -> ProbeResult:
        """Return what was found; an interrupt, a lost target and the end of the time leave it partial."""
        partial, task = "", None
        try:
            async with asyncio.timeout(within_s):
                for task in tasks:
                    if partial := await self._task(task):
                        break
        except TimeoutError:
            partial = f"its {within_s:g} s were over {_during(task)}; give --within more, or fewer parts with --only"
        except asyncio.CancelledError:
            partial = f"{INTERRUPTED} {_during(task)}"
        except HarnessError as error:
            partial = f"{error} ({_during(task)})"
        return self._result(partial)

    async def _task(self, task: Task) -> str:
        """Return why the probe cannot go on, or nothing."""
        self._watch(task.part, 0)
        count = 0
        async with aclosing(task.run()) as pieces:  # type: ignore[type-var] # parts are generators
            async for piece in pieces:
                count += 1
                self._keep(piece)
                self._watch(task.part, count)
                if self._lost >= LOST_IN_A_ROW:
                    last = self._findings[-1]
                    return f"the target stopped answering {_during(task)} ({last.text}); is it still up?"
        return ""

    def _keep(self, piece: Piece) -> None:
        if isinstance(piece, ClockEstimate):
            self._clocks.append(piece)
            return
        self._findings.append(piece)
        if piece.outcome is not Outcome.NOT_CHECKED:
            self._lost = self._lost + 1 if piece.outcome is Outcome.VOID else 0

    def _result(self, partial: str) -> ProbeResult:
        return replace(
            self._blank,
            findings=tuple(self._findings),
            clocks=tuple(self._clocks),
            took_s=monotonic() - self._started_s,
            partial=partial,
        )


def _during(task: Task | None) -> str:
    return f"during {task.part}" if task else "before anything was asked"
