"""Lags: how long after a step's start something was still seen; and streams that outlived their token."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from harness.analysis.columns import Chunk
from harness.analysis.course import Course
from harness.analysis.measures import Measure, Totals
from harness.analysis.measures.stream_lags import StreamLags
from harness.results.auth_summary import Lag
from harness.results.row import JUDGED, Cause, Origin
from harness.results.run import Run


class Lags(Measure, of="lags"):
    """Measures what each step asks for, then what the streams of each method tell."""

    def __init__(self, run: Run, course: Course) -> None:
        self._of_steps = list(_meters(run, course))
        self._of_streams = StreamLags()

    def count(self, attempts: Chunk) -> None:
        """Count attempts."""
        for lag in self._of_steps:
            lag.count(attempts)

    def hear(self, line: Mapping[str, Any]) -> None:
        """Count a stream."""
        self._of_streams.hear(line)

    def result(self, totals: Totals) -> tuple[Lag, ...]:
        """Return the lags of the steps, and after them those of streams."""
        del totals
        return (*(lag.result() for lag in self._of_steps), *self._of_streams.result())


def _meters(run: Run, course: Course) -> Iterator["_LagOf"]:
    """Yield what the steps that were applied ask for."""
    life_s = float(dict(run.data.get("tokens") or {}).get("lifetime_s") or 0.0)
    asked = {str(step["id"]): step.get("meters", ()) for step in run.steps}
    for window in course.windows:
        for meter in asked[window.step] if window.from_s is not None else ():
            yield _LagOf(window.step, window.from_s or 0.0, meter, life_s)


class _LagOf:
    """Measures one lag from the real start of a step."""

    def __init__(self, step: str, from_s: float, meter: Mapping[str, Any], life_s: float) -> None:
        self._step, self._from_s, self._life_s = step, from_s, life_s
        self._of, self._until, self._cause = meter["of"], meter["until"], meter.get("cause") or "OK"
        self._last_s = from_s
        self._seen = self._old = 0

    def count(self, attempts: Chunk) -> None:
        after = attempts.where(attempts.sent_s >= self._from_s)
        if self._until == "turned away":
            told = after.where(after.cause == Cause[self._cause])
            ends = told.sent_s + told.service_us / 1e6
            self._old += after.size
        else:
            # Claims are whole seconds: a token is surely older only where it was minted a second before.
            old = after.where(after.sent_s + after.life_ms / 1e3 - self._life_s + 1 <= self._from_s)
            self._old += int(np.isin(old.origin, JUDGED).sum())
            told = old.where(old.origin == Origin.NONE)
            ends = told.sent_s
        self._seen += told.size
        self._last_s = max(self._last_s, float(ends.max(initial=self._from_s)))

    def result(self) -> Lag:
        if not self._old:
            return Lag(self._of, self._step, None, 0, "no token was sent that could tell")
        return Lag(self._of, self._step, round(self._last_s - self._from_s, 6), self._seen)
