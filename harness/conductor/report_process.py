"""Reporting: the report of a run that has ended, made in a process of its own.

Heavy libraries stay out of the one that conducted the run, and what they do there cannot hurt it.
"""

import logging
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

logger = logging.getLogger("jwtstorm")

WITHIN_S = 600.0


class Reported(NamedTuple):
    """What came of it: the verdict with its reasons, for people, its exit code, and whether there is a page."""

    said: str
    exit_code: int
    has_page: bool


def make_report(run: Path, *, pictures: bool) -> Reported | None:
    """Merge a run's files and write its report; None where that took too long."""
    logger.info("writing the report")
    command = [sys.executable, "-m", "harness.report", str(run)]
    command += [] if pictures else ["--no-pictures"]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
            start_new_session=True,  # a second Ctrl-C must not cut it short
        )
    except subprocess.TimeoutExpired:
        logger.error("the report took too long; make it with: jwtstorm report %s", run)  # noqa: TRY400
        return None
    if done.stderr:
        logger.warning("%s", done.stderr.strip().removeprefix("jwtstorm: "))
    return Reported(done.stdout, done.returncode, (run / "report.html").exists())
