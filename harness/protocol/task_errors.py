"""Mishaps: what tasks raised that was no failed call, counted by kind. Pure.

A failed call is a row, and its task ends quietly. Whatever else a task raises is a fault of the
scenario's own code: the calls it spoilt may look good, so that a run with one cannot pass.
"""

import sysconfig
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from harness.redaction import redact
from harness.results.promise import TaskErrorKind

MAX_KINDS = 20
"""Kinds that are told apart; a text with a number in it would make one of every call."""
MAX_CHARS = 300
MORE = "…"


class TaskErrors:
    """The mishaps of one worker."""

    def __init__(self) -> None:
        self._counts: dict[TaskErrorKind, int] = {}

    def note(self, task: str, error: Exception, *, called: bool) -> TaskErrorKind | None:
        """Count what a task raised; return its kind when it is the first of it."""
        text = redact(" ".join(str(error).split()))[:MAX_CHARS]
        kind = TaskErrorKind(task, type(error).__name__, text, _where(error), called)
        if kind not in self._counts and len(self._counts) >= MAX_KINDS:
            kind = TaskErrorKind(task, type(error).__name__, MORE, "", called)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return kind if self._counts[kind] == 1 else None

    def counted(self) -> tuple[TaskErrorKind, ...]:
        """Return each kind with its count."""
        return tuple(replace(kind, count=count) for kind, count in self._counts.items())


def sentences(mishaps: Iterable[TaskErrorKind]) -> list[str]:
    """Return one sentence for each kind, whichever workers met it, the most frequent first."""
    totals = Counter[TaskErrorKind]()
    for mishap in mishaps:
        totals[replace(mishap, count=1)] += mishap.count
    return [sentence(replace(kind, count=count)) for kind, count in totals.most_common()]


def sentence(mishap: TaskErrorKind) -> str:
    """Return what happened, how often and the way out."""
    said = f"{mishap.error}: {mishap.text}" if mishap.text else mishap.error
    moment = "after its call had begun" if mishap.called else "before its call, which was never made"
    times = "once" if mishap.count == 1 else f"{mishap.count:,} times"
    place = f" ({mishap.where})" if mishap.where else ""
    return f"task {mishap.task} raised {said}{place} {times}, {moment}; mend the task, or catch what it may raise"


def _where(error: Exception) -> str:
    """Return the innermost line that is the scenario's own, by file name and number."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(Path(frame.filename))]
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""


def _is_library(file: Path) -> bool:
    libraries = (Path(__file__).parents[1], Path(sysconfig.get_path("stdlib")))
    return "site-packages" in file.parts or not file.is_file() or any(place in file.parents for place in libraries)
