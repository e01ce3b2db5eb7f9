"""A fault that is a program of the user's own: its undo is run on every ending, and after kill -9."""

from pathlib import Path

import pytest

from tests.e2e.storms import Trial, assert_code, await_true, settings

pytestmark = pytest.mark.e2e


def timeline(folder: Path, command: str = "echo on >> done", until_s: float = 2) -> str:
    words = f'["sh", "-c", "cd {folder}; {command}"]'
    undo = f'["sh", "-c", "cd {folder}; echo off >> done"]'
    return f"timeline=[at(1, RunCommand({words}, undo_command={undo}), until_s={until_s})]"


def test_a_command_and_its_undo_are_run_and_journaled(trial: Trial) -> None:
    trial.write(settings(timeline(trial.folder)))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)
    assert (trial.folder / "done").read_text().split() == ["on", "off"]
    life = [event.name() for event in trial.events() if getattr(event, "step", "") == "1-run_command"]
    assert [name for name in life if name in {"applying", "applied", "undoing", "undone"}] == [
        "applying",
        "applied",
        "undoing",
        "undone",
    ]


def test_a_command_that_fails_is_a_problem_of_the_run_and_is_taken_back(trial: Trial) -> None:
    trial.write(settings(timeline(trial.folder, "echo no such realm; exit 3")))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 3
    assert "1-run_command could not be applied: sh ended with exit code 3; its output is in" in done.stdout
    assert (trial.run_folder() / "1-run_command-apply.txt").read_text() == "no such realm\n"
    assert (trial.folder / "done").read_text().split() == ["off"]


def test_after_kill_9_recover_runs_the_undo(trial: Trial) -> None:
    trial.write(settings(timeline(trial.folder, until_s=25), duration_s=30))
    with trial.started("--headless") as process:
        trial.await_event("verified")
        process.kill()
        process.wait()
    await_true(lambda: trial.children_alive() == [], 10, "the children to die")
    assert (trial.folder / "done").read_text().split() == ["on"]
    assert_code(trial.jwtstorm("recover"), 0)
    assert (trial.folder / "done").read_text().split() == ["on", "off"]
