"""The report of a run: merge, fold, check, draw, write; also as ``python -m harness.report RUN``."""

from pathlib import Path

from harness.merge import merged
from harness.metrics import summarise
from harness.runs import read_run
from harness.summary import Summary, write_summary


def report_run(path: Path) -> Summary:
    """Write every file that a report consists of into a run's folder, and return its summary.

    Raises `harness.errors.RecordError` where the folder is no run, or holds no rows.
    """
    run = read_run(path)
    summary = summarise(run, merged(run))
    write_summary(path, summary)
    return summary
