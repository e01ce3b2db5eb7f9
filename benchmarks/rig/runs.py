"""Real runs: a locustfile run headless to its end, and the rows that it wrote."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.results.call_journal import workers
from harness.results.call_journal_reader import JournalReader
from harness.results.fault_events import AnyEvent
from harness.results.fault_journal import read_events
from harness.results.row import Cause, Flag
from harness.results.run import Run, read_run

LOADS = Path(__file__).parent.parent / "loads"
_ALL = 1 << 30
Rows = npt.NDArray[Any]


@dataclass(frozen=True)
class Running:
    """A run that was started; its folder appears below ``reports``."""

    process: "subprocess.Popen[bytes]"
    reports: Path
    log: Path

    def folder(self) -> Path | None:
        """Return the run's folder, once it is there."""
        return next((path.parent for path in self.reports.glob("*/*/*/run.json")), None)

    def await_zero(self, within_s: float = 40.0) -> int:
        """Wait until time zero is set; return it, in monotonic ns."""
        until_s = monotonic() + within_s
        while monotonic() < until_s and self.process.poll() is None:
            folder = self.folder()
            zero_ns = read_run(folder).zero_ns if folder else None
            if zero_ns is not None:
                return zero_ns
            sleep(0.05)
        raise RuntimeError(f"the run did not begin: {_tail(self.log)}")

    def finished(self) -> "Finished":
        """Wait for the end and its report; raises where no folder was left."""
        self.process.wait()
        folder = self.folder()
        if folder is None:
            raise RuntimeError(f"the run left no folder: {_tail(self.log)}")
        return Finished(read_run(folder), _rows(folder), list(read_events(folder)))


@dataclass(frozen=True)
class Finished:
    """What a run left: its ``run.json``, all rows of its workers by method, and its fault journal."""

    run: Run
    rows: Mapping[str, Rows]
    events: Sequence[AnyEvent]

    def finals(self) -> Rows:
        """Return all final rows from zero on."""
        zero_ns = self.run.zero_ns or 0
        every = np.concatenate(list(self.rows.values()))
        return every[((every["flags"] & Flag.FINAL) > 0) & (every["intended_ns"] >= zero_ns)]

    def good(self, method: str) -> Rows:
        """Return the good final rows of one method, from zero on; the name is the last part of its path."""
        zero_ns = self.run.zero_ns or 0
        rows = self.rows[method]
        good: Rows = rows[(rows["cause"] == Cause.OK) & ((rows["flags"] & Flag.FINAL) > 0)]
        return good[good["intended_ns"] >= zero_ns]


@contextmanager
def started(load: str, environ: Mapping[str, str]) -> Iterator[Running]:
    """Start a locustfile of ``loads/`` as `make scenario` would; killed on the way out where it still runs."""
    with TemporaryDirectory() as folder:
        reports, log = Path(folder) / "reports", Path(folder) / "output.log"
        kept = {name: value for name, value in os.environ.items() if name != "TOXIPROXY_URL"}
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "harness.cli", "run", str(LOADS / f"{load}.py"), "--headless"],
                env={**kept, "PYTHONPATH": str(LOADS.parent.parent), **environ, "REPORTS": str(reports), "BUILD": "b"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        try:
            yield Running(process, reports, log)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def run(load: str, environ: Mapping[str, str]) -> Finished:
    """Run a locustfile of ``loads/`` to its end."""
    with started(load, environ) as running:
        return running.finished()


def locust(load: str, environ: Mapping[str, str], *options: str) -> list[str]:
    """Run Locust itself on a stock locustfile; return the lines it printed."""
    command = [sys.executable, "-m", "locust", "--headless", "--only-summary", "-f", str(LOADS / f"{load}.py")]
    done = subprocess.run(
        [*command, *options],
        env={**os.environ, "PYTHONPATH": str(LOADS.parent.parent), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.stdout.splitlines()


def _rows(folder: Path) -> dict[str, Rows]:
    parts: dict[str, list[Rows]] = {}
    for worker in workers(folder):
        reader = JournalReader.open(folder, worker)
        rows = reader.take(_ALL)
        for index, name in enumerate(reader.names):
            parts.setdefault(name.rpartition("/")[2], []).append(rows[rows["method"] == index])
    return {name: np.concatenate(found) for name, found in parts.items()}


def _tail(log: Path) -> str:
    return " / ".join(log.read_text(errors="replace").strip().splitlines()[-3:])
