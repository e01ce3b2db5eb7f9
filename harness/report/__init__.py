"""The report of a run: merge, fold, check, draw, write; also as ``python -m harness.report RUN``."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pyarrow as pa

from harness.analysis.merge import merged
from harness.analysis.summarise import summarise
from harness.errors import HarnessError, RecordError, UsageError
from harness.report.beside import beside
from harness.report.formats import FORMATS
from harness.report.page import Shown, write_page
from harness.results.run import Run, find_run, read_run, reports_folder
from harness.results.summary import Summary, read_summary, write_summary

NO_PICTURES = "--no-pictures"


def report_run(path: Path, tell: Callable[[Summary], None] = lambda _: None, *, pictures: bool = True) -> Summary:
    """Write every file that a report consists of into a run's folder, and return its summary.

    ``tell`` hears the summary before anything is written, for a disk may be full. Without ``pictures``
    the page holds text and tables only; a later report draws them.
    Raises `RecordError` where the folder is no run, holds no rows, or cannot be written.
    """
    pa.set_memory_pool(pa.system_memory_pool())  # arrow's own pool keeps what was freed: 40 MB of ten million calls
    run = read_run(path)
    try:
        summary = summarise(run, merged(run))
        tell(summary)
        write_summary(path, summary)
        for written in FORMATS.values():
            if written.always:
                written.write(run, summary)
        write_page(path / "report.html", run, summary, _drawn(run, summary) if pictures else [])
    except OSError as error:
        raise RecordError(f"cannot write the report into {path}: {error.strerror or error}; free some space") from error
    return summary


def _drawn(run: Run, summary: Summary) -> list[Shown]:
    """Draw the pictures."""
    from harness.report.drawing import draw  # matplotlib and pandas: most of a small report's time

    return draw(run, summary)


def export(path: Path, names: Sequence[str]) -> Summary:
    """Write a run in these formats, after its report where it has none yet; name each file.

    Raises `UsageError` for a format that is none, `RecordError` as `report_run` does.
    """
    chosen = [FORMATS.find(name) for name in names]
    summary = read_summary(path) if (path / "summary.json").exists() else report_run(path, pictures=False)
    run = read_run(path)
    for written in chosen:
        sys.stdout.writelines(f"  {written.name}: {file}\n" for file in written.write(run, summary))
    return summary


def main(arguments: Sequence[str]) -> int:
    """Report the run that is named by folder, build label or ``latest``; the exit code is the verdict's."""
    names = [one for one in arguments if one != NO_PICTURES]
    try:
        if len(names) != 1:
            raise UsageError("name one run: its folder, a build label, or latest")
        path = find_run(names[0], reports_folder())
        summary = report_run(path, _tell, pictures=NO_PICTURES not in arguments)
    except HarnessError as error:
        sys.stderr.write(f"jwtstorm: {error}\n")
        return error.exit_code
    sys.stdout.write(f"  report: {path / 'report.html'}\n")
    return summary.verdict.exit_code


def _tell(summary: Summary) -> None:
    lines = (f"{summary.scenario}: {summary.verdict.word}", *summary.verdict.reasons, *beside(summary))
    sys.stdout.write("\n  ".join(lines) + "\n")
