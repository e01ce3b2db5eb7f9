"""A real duel that is cut twice: by Ctrl-C, then by kill -9; what was made is kept, and nothing counts twice."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.storms import Trial, await_true, settings

pytestmark = pytest.mark.e2e

PAIRS = 2


@pytest.mark.long
def test_a_duel_survives_ctrl_c_and_kill_9(trial: Trial) -> None:
    trial.write(settings("lab=LabSettings(work_s=0.002)", duration_s=3))
    first = _start(trial, "lab", "lab:work_s=0.004", "--scenario", "trial.py", "--pairs", str(PAIRS), "--seed", "3")
    await_true(lambda: _made(trial) == 1, 60, "the first run")
    await_true(lambda: len(list(trial.reports.rglob("run.json"))) == 2, 30, "the second run to begin")
    first.send_signal(signal.SIGINT)
    assert first.wait(60) == 130, trial.output()
    assert _ledger(trial)["state"] == "interrupted"

    again = _start(trial, "--resume", str(_folder(trial)))
    await_true(lambda: _made(trial) == 3, 90, "the first run of the second pair")
    again.kill()
    again.wait()

    last = _start(trial, "--resume", str(_folder(trial)))
    assert last.wait(120) in {1, 3, 4}, trial.output()  # two pairs only rehearse: no word is sure
    ledger = _ledger(trial)
    assert ledger["state"] == "complete"
    pairs = ledger["pairs"]
    kept = [run for pair in pairs for run in (pair["base"], pair["new"])]
    assert len(kept) == len(set(kept)) == 2 * PAIRS
    assert all((_folder(trial) / run / "summary.json").exists() for run in kept)
    assert [bool(pair["dropped"]) for pair in pairs] == [True, True]
    assert (_folder(trial) / "duel.html").exists()


def test_a_build_that_does_not_start_is_named_and_leaves_no_page_of_numbers(trial: Trial) -> None:
    trial.write(settings(duration_s=3))
    duel = _start(trial, "lab", "cmd:/no/such/server --port {port}", "--scenario", "trial.py", "--pairs", str(PAIRS))
    assert duel.wait(60) in {2, 3}
    assert "/no/such/server" in trial.output()


def _start(trial: Trial, *arguments: str) -> "subprocess.Popen[bytes]":
    with (trial.folder / "output.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "harness.cli", "duel", *arguments],
            cwd=trial.folder, env=trial.environment(), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip


def _folder(trial: Trial) -> Path:
    (ledger,) = trial.reports.glob("duels/*/*/duel.json")
    return ledger.parent


def _ledger(trial: Trial) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((_folder(trial) / "duel.json").read_text())
    return data


def _made(trial: Trial) -> int:
    """Return how many runs the ledger holds."""
    if not list(trial.reports.glob("duels/*/*/duel.json")):
        return 0
    return sum(run is not None for pair in _ledger(trial)["pairs"] for run in (pair["base"], pair["new"]))
