"""Mishaps: what tasks raised that was no failed call, counted by kind. Pure.

A failed call is a row, and its task ends quietly. Whatever else a task raises is a fault of the
scenario's own code: the calls it spoilt may look good, so that a run with one cannot pass.
"""

import sysconfig
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.redaction import redact

MAX_KINDS = 20
"""Kinds that are told apart; a text with a number in it would make one of every call."""
MORE = "…"


@dataclass(frozen=True)
class TaskErrorKind:
    """One way in which a task fails; ``where`` is the file and line, ``called`` whether a call had begun."""

    task: str
    error: str
    text: str
    where: str
    called: bool


class TaskErrors:
    """The mishaps of one worker."""

    def __init__(self) -> None:
        self._counts: dict[TaskErrorKind, int] = {}

    def note(self, task: str, error: Exception, *, called: bool) -> TaskErrorKind | None:
        """Count what a task raised; return its kind when it is the first of it."""
        kind = TaskErrorKind(task, type(error).__name__, redact(str(error)), _where(error), called)
        if kind not in self._counts and len(self._counts) >= MAX_KINDS:
            kind = TaskErrorKind(task, type(error).__name__, MORE, "", called)
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return kind if self._counts[kind] == 1 else None

    def to_json(self) -> list[dict[str, Any]]:
        """Return the kinds with their counts, as a worker's promise holds them."""
        return [{**asdict(kind), "count": count} for kind, count in self._counts.items()]


def sentences(counted: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each kind, whichever workers met it, the most frequent first."""
    totals: dict[TaskErrorKind, int] = {}
    for entry in counted:
        fields = dict(entry)
        count = int(fields.pop("count"))
        totals[TaskErrorKind(**fields)] = totals.get(TaskErrorKind(**fields), 0) + count
    return [sentence(kind, count) for kind, count in sorted(totals.items(), key=lambda item: -item[1])]


def sentence(kind: TaskErrorKind, count: int) -> str:
    """Return what happened, how often and the way out."""
    said = f"{kind.error}: {kind.text}" if kind.text else kind.error
    moment = "after its call had begun" if kind.called else "before its call, which was never made"
    times = "once" if count == 1 else f"{count:,} times"
    place = f" ({kind.where})" if kind.where else ""
    return f"task {kind.task} raised {said}{place} {times}, {moment}; mend the task, or catch what it may raise"


def _where(error: Exception) -> str:
    """Return the innermost line that is the scenario's own, by file name and number."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _is_library(Path(frame.filename))]
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""


def _is_library(file: Path) -> bool:
    libraries = (Path(__file__).parents[1], Path(sysconfig.get_path("stdlib")))
    return "site-packages" in file.parts or not file.is_file() or any(place in file.parents for place in libraries)
