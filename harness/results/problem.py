"""Problems: what makes a run doubtful, or invalid. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemKind(StrEnum):
    """What is wrong with a run, as ``run.json`` and ``summary.json`` call it."""

    NOT_BEGUN = "not_begun"
    """The run could not begin."""
    PREFLIGHT = "preflight"
    """The target was odd before the load: it let a call without a token in, say."""
    WORKER_FAILED = "worker_failed"
    """A worker could not be told when zero is."""
    WORKER_LOST = "worker_lost"
    """A worker did not say how many rows it wrote."""
    RECORD = "record"
    """A file of the run could not be written."""
    TASK = "task"
    """A task raised what was no failed call."""
    RUN_TIME = "run_time"
    """The load was ended before its plan."""
    APPLY_FAILED = "apply_failed"
    UNDO_FAILED = "undo_failed"
    JOURNAL_FAILED = "journal_failed"
    """The fault journal could not be written."""

    ROWS_LOST = "rows_lost"
    ROWS_DAMAGED = "rows_damaged"
    TORN = "torn"
    """A last row was cut short."""
    CUT_LINES = "cut_lines"
    """A line of a file of events was cut short."""
    CUT_SHORT = "cut_short"
    """Nobody wrote down how the run ended."""
    ABORTED = "aborted"
    NO_SAMPLES = "no_samples"
    """No call was due."""
    FAULT = "fault"
    """A step was not carried out, or not taken back."""
    EDGE = "edge"
    """A step's edge was far from its plan."""
    SATURATED = "saturated"
    """The load generator was the bottleneck."""
    CLOCK = "clock"
    """A worker's clock is not known well enough."""
    OFFERED = "offered"
    """The offered load was not the planned one."""
    UNSTEADY = "unsteady"
    """Calls failed already before the first fault."""


@dataclass(frozen=True)
class Problem:
    """Something that makes the run doubtful, or invalid."""

    kind: ProblemKind
    text: str
    invalid: bool = True
