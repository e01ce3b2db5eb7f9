"""A busy machine hides no failure: what it kept from judging is made again, skipped by name, and counted."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.busy import MOST, Turns
from tests.e2e.storms import await_true

ROOT = Path(__file__).parent.parent
HEAD = """
import subprocess
import pytest
from pathlib import Path
from tests.e2e.storms import assert_code

pytestmark = pytest.mark.e2e
BUSY = subprocess.CompletedProcess([], 3, "invalid\\n  The load generator was the bottleneck: calls left late.\\n", "")


def times(name):
    with (Path(__file__).parent / name).open("a") as file:
        file.write("x")
        return file.tell()
"""


def session(folder: Path, tests: str, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run pytest with what this suite is run with, on tests of our own."""
    (folder / "test_tiny.py").write_text(HEAD + tests)
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = e2e\n")
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.busy", "-q", *options]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def test_a_failure_is_seen_behind_a_run_that_judged_nothing(tmp_path: Path) -> None:
    done = session(
        tmp_path,
        """
def test_planted(tmp_path):
    if times("planted") == 1:
        (tmp_path / "of the first run").touch()
        assert_code(BUSY, 0)
    assert not list(tmp_path.iterdir()), "it is set up anew"
    assert_code(subprocess.CompletedProcess([], 1, "", "planted"), 0)


def test_quiet_at_last():
    assert times("quiet") > 1 or assert_code(BUSY, 0)


def test_never_quiet():
    times("never")
    assert_code(BUSY, 1)


def test_invalid_for_another_reason():
    assert_code(subprocess.CompletedProcess([], 3, "rows are lost", ""), 0)


def test_invalid_as_it_should_be():
    assert_code(BUSY, 3)


def test_valid_where_it_should_not_be():
    assert_code(subprocess.CompletedProcess([], 0, "passed", ""), 3)
""",
        *("-n", "2"),
    )
    assert done.returncode == 1, done.stdout
    assert "3 failed, 2 passed, 1 skipped" in done.stdout
    for test in ("planted", "invalid_for_another_reason", "valid_where_it_should_not_be"):
        assert f"FAILED test_tiny.py::test_{test} - " in done.stdout
    assert "the machine was too busy: 1 skipped, and at most 5 may be" in done.stdout
    assert "test_tiny.py::test_never_quiet: The load generator was the bottleneck: calls left late." in done.stdout
    tries = [len((tmp_path / name).read_text()) for name in ("planted", "quiet", "never")]
    assert tries == [2, 2, 2], "each once more"


@pytest.mark.parametrize(("unjudged", "code"), [(MOST, 0), (MOST + 1, 1)])
def test_more_than_five_that_judge_nothing_fail_the_suite(tmp_path: Path, unjudged: int, code: int) -> None:
    many = f"""
def test_judged():
    pass


@pytest.mark.parametrize("one", range({unjudged}))
def test_unjudged(one):
    assert_code(BUSY, 0)
"""
    done = session(tmp_path, many, *(("-n", "2") if code else ("-n", "0")))
    assert done.returncode == code, done.stdout
    assert f"1 passed, {unjudged} skipped" in done.stdout
    assert done.stdout.count(": The load generator was the bottleneck") == unjudged


def free(folder: Path, name: str, how: int) -> bool:
    """Tell whether a lock can be had at once."""
    with (folder / name).open("w") as file:
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_who_wants_to_be_alone_waits_for_the_others_and_holds_off_newcomers(tmp_path: Path) -> None:
    turns, entered = Turns(tmp_path), threading.Event()

    def alone() -> None:
        with turns.alone():
            entered.set()

    shy = threading.Thread(target=alone)
    with turns.together(), turns.together():
        assert free(tmp_path, "gate", fcntl.LOCK_EX), "others may come"
        shy.start()
        await_true(lambda: not free(tmp_path, "gate", fcntl.LOCK_EX), 30, "the gate to shut")
        assert not entered.is_set()
    shy.join()
    assert entered.is_set()
    with turns.alone():
        assert not free(tmp_path, "gate", fcntl.LOCK_EX)
        assert not free(tmp_path, "room", fcntl.LOCK_SH)
