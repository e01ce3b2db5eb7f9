"""Promises: what each worker of a run says of itself at its end, as ``run.json`` holds it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class TaskErrorKind:
    """One way in which a task failed that was no failed call, and how often.

    ``where`` is the file and line, ``called`` whether a call had begun.
    """

    task: str
    error: str
    text: str
    where: str
    called: bool
    count: int = 1


@dataclass(frozen=True)
class Promise:
    """What one worker said of itself, and what the conductor knows of its clock; times in seconds."""

    worker: int
    rows: int | None = None
    """Rows in its journal; None where it ended without saying."""
    lost: int = 0
    planned: int | None = None
    error: str | None = None
    """Why its files are not whole."""
    mishaps: tuple[TaskErrorKind, ...] = ()
    transport: Mapping[str, Any] = field(default_factory=dict)
    """How it reached the target; empty where it did not say."""
    loop_lag_p50_s: float | None = None
    loop_lag_p99_s: float | None = None
    loop_lag_max_s: float | None = None
    remote: bool = False
    """Whether it had a clock or a folder of its own."""
    clock_offset_ns: int = 0
    clock_bound_s: float = 0.0
