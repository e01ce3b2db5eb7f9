"""Workers that share neither folder nor clock with the conductor, as far as one machine can show it."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness.protocol.file_shipping import FORCE, names_of
from harness.results.row import ROW, RowKind
from tests.e2e.storms import Trial, await_true, running, secrets_in, settings
from tests.e2e.test_run import all_rows, assert_every_arrival_has_one_final_row

pytestmark = pytest.mark.e2e

HURRY = "\nimport locust.runners\nlocust.runners.MASTER_HEARTBEAT_TIMEOUT = {seconds}\n"


class Crowd:
    """A master, a local worker and a remote one, which has its own folder with a copy of the scenario."""

    def __init__(self, trial: Trial, arguments: str, more: str = "") -> None:
        self.trial = trial
        self.away = trial.folder / "away"
        self.temporary = self.away / "tmp"
        self.temporary.mkdir(parents=True)
        path = trial.write(arguments)
        path.write_text(path.read_text() + more)
        (self.away / "trial.py").write_text(path.read_text())
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = str(free.getsockname()[1])

    @contextmanager
    def started(self) -> Iterator[tuple["subprocess.Popen[bytes]", ...]]:
        master = ["--headless", "--master", "--master-bind-port", self.port, "--expect-workers", "2"]
        worker = ["--worker", "--master-port", self.port]
        elsewhere = {FORCE: "1", "TMPDIR": str(self.temporary)}
        with ExitStack() as processes:
            yield (
                processes.enter_context(self._started("master", self.trial.folder, {}, master)),
                processes.enter_context(self._started("near", self.trial.folder, {}, worker)),
                processes.enter_context(self._started("far", self.away, elsewhere, worker)),
            )

    def _started(
        self, name: str, folder: Path, environ: dict[str, str], arguments: list[str]
    ) -> AbstractContextManager["subprocess.Popen[bytes]"]:
        command = [sys.executable, "-m", "locust", "-f", "trial.py", *arguments]
        return running(command, folder, {**self.trial.environment(), **environ}, self.trial.folder / f"{name}.log")

    def said(self) -> str:
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.trial.folder.glob("*.log")))

    def remote(self) -> dict[str, Any]:
        (found,) = [worker for worker in self.trial.about()["workers"] if worker["remote"]]
        return dict(found)


def test_a_remote_workers_rows_and_traces_are_all_there(trial: Trial) -> None:
    crowd = Crowd(trial, settings("timeline=[at(2, ExpireAll())]"))
    with crowd.started() as processes:
        ended = [process.wait(timeout=90) for process in processes]
    assert ended[1:] == [0, 0], crowd.said()
    assert trial.about()["state"] == "complete"
    assert_every_arrival_has_one_final_row(trial.run_folder())
    workers = trial.about()["workers"]
    assert sorted(worker["remote"] for worker in workers) == [False, True]
    assert all(worker["lost"] == 0 and worker["rows"] > 300 for worker in workers)
    for worker in workers:
        assert {path.name for path in trial.run_folder().iterdir()} >= set(names_of(worker["worker"]))
    rows = all_rows(trial.run_folder())
    assert set(rows["worker"]) == {0, 1}
    assert not [name for name in rows["method"].cat.categories if name.startswith("method ")]
    assert list(crowd.temporary.iterdir()) == []
    assert secrets_in(trial.folder) == []


def test_a_remote_workers_clock_is_measured_and_zero_is_the_same_moment(trial: Trial) -> None:
    crowd = Crowd(trial, settings())
    with crowd.started() as processes:
        processes[0].wait(timeout=90)  # a busy machine may make the generator late, which is not the question here
    remote = crowd.remote()
    bound_s = remote["clock_bound_s"]
    assert bound_s > 0
    assert abs(remote["clock_offset_ns"]) <= bound_s * 1e9  # it is the same clock in truth
    rows = all_rows(trial.run_folder())
    calls = rows[rows["kind"] == RowKind.CALL.name].sort_values("call_id")
    due_us = calls["call_id"] * 10_000 - 3_000_000
    assert (calls["intended_us"] - due_us).abs().max() <= 2 * bound_s * 1e6 + 1


def test_what_a_killed_remote_worker_had_shipped_is_kept(trial: Trial) -> None:
    crowd = Crowd(trial, settings(duration_s=10))
    with crowd.started() as (master, _, far):
        shipped = 250 * ROW.size  # its header and its names of methods are no rows
        await_true(
            lambda: (
                len(paths := list(trial.reports.rglob("calls-*.bin"))) == 2
                and all(path.stat().st_size > shipped for path in paths)
            ),
            60,
            "rows of both",
        )
        far.send_signal(signal.SIGKILL)
        assert master.wait(timeout=90) == 3, crowd.said()
    lost = crowd.remote()
    assert lost["rows"] is None
    texts = [problem["text"] for problem in trial.about()["problems"] if problem["kind"] == "worker_lost"]
    assert [text.startswith(f"worker {lost['worker']} ") for text in texts] == [True]
    rows = pd.read_parquet(trial.run_folder() / "calls.parquet")
    assert (rows["worker"] == lost["worker"]).sum() >= 200
    assert rows["intended_us"].between(-3_000_000, 10_000_000).all()


def test_after_kill_9_of_the_master_the_workers_end_and_leave_nothing(trial: Trial) -> None:
    crowd = Crowd(trial, settings(duration_s=60), HURRY.format(seconds=4))
    with crowd.started() as (master, near, far):
        await_true(lambda: len(list(trial.reports.rglob("calls-*.bin"))) == 2, 60, "two journals")
        await_true(lambda: all(path.stat().st_size > 5_000 for path in trial.reports.rglob("calls-*.bin")), 30, "rows")
        master.kill()
        near.wait(timeout=40)
        far.wait(timeout=40)
    assert list(crowd.temporary.iterdir()) == []
    await_true(lambda: trial.children_alive() == [], 10, "the lab to die")
    reported = trial.jwtstorm("report", str(trial.run_folder()))
    assert "cut" in reported.stdout + reported.stderr or "killed" in reported.stdout
    assert set(all_rows(trial.run_folder())["worker"]) == {0, 1}


def test_a_worker_with_another_scenario_ends_the_run_with_a_sentence(trial: Trial) -> None:
    crowd = Crowd(trial, settings(duration_s=60))
    other = crowd.away / "trial.py"
    other.write_text(other.read_text().replace("per_s=100", "per_s=50"))
    with crowd.started() as processes:
        assert processes[0].wait(timeout=90) == 3, crowd.said()
    (problem,) = trial.about()["problems"][:1]
    assert problem["kind"] == "not_begun"
    assert "has another version of the scenario; start it with the same files" in problem["text"]


def test_a_worker_that_cannot_begin_is_heard(trial: Trial) -> None:
    crowd = Crowd(trial, settings(duration_s=60))
    with (crowd.away / "trial.py").open("a") as scenario:
        scenario.write("\nimport harness.worker.agent\nharness.worker.agent.Worker = lambda *_: 1 / 0\n")
    with crowd.started() as processes:
        assert processes[0].wait(timeout=90) == 3, crowd.said()
    (problem,) = trial.about()["problems"][:1]
    assert problem["kind"] == "not_begun"
    assert "could not begin (ZeroDivisionError: division by zero); see its log" in problem["text"]
