"""Runs for the tests: short scenarios written to a folder, started as a user starts them."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.results.fault_events import AnyEvent, LabEvent
from harness.results.fault_journal import read_events
from tests.busy import TooBusyError

HEAD = '''"""Trial: a short run.

Question: does it work?
Steady state: failures under 1 %.
"""

from locust import task

from harness import *
from harness.faults import *
from harness.lab.proto import ledger_pb2
from harness.users import GrpcUser

scenario = Scenario({settings})


class Customer(GrpcUser):
    @task
    def get_balance(self) -> None:
        self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))
'''

CALL = 'self.stub.GetBalance(ledger_pb2.BalanceRequest(account="42"))'
LOAD = "load=constant_rate(per_s=100, duration_s={duration_s}, max_users=20, warm_up_s=3)"
CHECKS = "checks=[failure_ratio(below=0.01)]"
JWT = re.compile(rb"eyJ[\w-]{8,}\.eyJ[\w-]{8,}")


def settings(*more: str, duration_s: float = 4) -> str:
    """Return the arguments of a scenario of a hundred calls a second."""
    return ", ".join([LOAD.format(duration_s=duration_s), CHECKS, "tokens=Tokens(lifetime_s=60, callers=5)", *more])


@dataclass
class Trial:
    """A folder with one scenario in it, and the runs made there; their reports have pictures where they are asked for.

    Drawing is a third of a short run's work, and is tested on reports alone: `tests/report`.
    """

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, arguments: str, task: str = "") -> Path:
        """Write the scenario; return its file. ``task`` stands instead of its task's one line."""
        path = self.folder / "trial.py"
        text = HEAD.format(settings=arguments)
        path.write_text(text.replace(CALL, task) if task else text, encoding="utf-8")
        return path

    @property
    def reports(self) -> Path:
        """Return where its runs are kept."""
        return self.folder / "reports"

    def environment(self) -> dict[str, str]:
        """Return the environment of a run: the user's, without what would steer it."""
        kept = {name: value for name, value in os.environ.items() if name not in {"HEADLESS", "BUILD", "TOXIPROXY_URL"}}
        return {**kept, "REPORTS": str(self.reports), "BUILD": "test", "PICTURES": "0", **self.environ}

    def jwtstorm(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of jwtstorm to its end."""
        command = [sys.executable, "-m", "harness.cli", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=120, check=False
        )

    def locust(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Locust itself on the scenario, to its end."""
        command = [sys.executable, "-m", "locust", "-f", "trial.py", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=120, check=False
        )

    @contextmanager
    def started(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Start a run and leave it to the test; it is killed at the end, whatever happened."""
        command = [sys.executable, "-m", "harness.cli", "run", "trial.py", *arguments]
        with running(command, self.folder, self.environment(), self.folder / "output.log") as process:
            yield process

    def runs(self) -> list[Path]:
        """Return the run folders, oldest first."""
        return sorted(path.parent for path in self.reports.glob("*/*/*/run.json"))

    def run_folder(self) -> Path:
        """Return the only run folder."""
        (run,) = self.runs()
        return run

    def about(self) -> dict[str, Any]:
        """Return ``run.json`` of the only run."""
        data: dict[str, Any] = json.loads((self.run_folder() / "run.json").read_text())
        return data

    def events(self) -> list[AnyEvent]:
        """Return the fault journal of the only run."""
        return list(read_events(self.run_folder()))

    def await_event(self, event: str, within_s: float = 40.0) -> None:
        """Wait until the fault journal holds an event."""
        await_true(lambda: bool(self.runs()) and any(said.name() == event for said in self.events()), within_s, event)

    def output(self) -> str:
        """Return what the started run printed."""
        return (self.folder / "output.log").read_text(errors="replace")

    def children_alive(self) -> list[str]:
        """Return the lab's children that still run."""
        labs = [said for said in self.events() if isinstance(said, LabEvent)]
        return [child.name for child in labs[-1].children if _alive(child.pid)]


@contextmanager
def running(
    command: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a program and leave it to the test; it is killed at the end, whatever happened."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


DRAWN = {"PICTURES": "1"}
"""What a trial's environment holds whose reports have pictures."""


BOTTLENECK = re.compile(r"the load generator was the bottleneck[^\n]*", re.IGNORECASE)
"""What a run says that had not the CPU to make its load: it judged nothing."""


def assert_code(done: "subprocess.CompletedProcess[str]", code: int) -> None:
    """Demand an exit code. Raises `TooBusyError` where the run judged nothing, for the machine was too busy."""
    assert_ended(done.returncode, done.stdout + done.stderr, {code})


def assert_ended(ended: int, said: str, codes: Collection[int]) -> None:
    """Demand one of some exit codes, as `assert_code` does."""
    if ended == 3 and ended not in codes:
        refuse_busy(said)
    assert ended in codes, said


def refuse_busy(said: str) -> None:
    """Raise `TooBusyError` where a run said that it had not the CPU to make its load."""
    if busy := BOTTLENECK.search(said):
        raise TooBusyError(busy[0])


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def await_true(condition: Any, within_s: float, what: str) -> None:
    """Poll until a condition holds; fail with what was awaited."""
    until_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > until_s:
            raise AssertionError(f"waited {within_s:g} s for {what}")
        time.sleep(0.05)


def secrets_in(folder: Path) -> list[str]:
    """Return the files below a folder that hold something like a token."""
    return [str(path) for path in folder.rglob("*") if path.is_file() and JWT.search(path.read_bytes())]


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] if _has_proc() else True


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
