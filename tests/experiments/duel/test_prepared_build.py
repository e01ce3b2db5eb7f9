"""How each kind of build is made ready, and what is said of a run that did not begin."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.experiments.duel.builds import contender
from harness.experiments.duel.prepared_build import Builder
from harness.experiments.duel.single_run import complaint


def builder(asked: str, folder: Path, **settings: object) -> Builder:
    return replace(Builder(contender(asked), folder, "new"), **settings)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "under_test"), [("lab", ""), ("lab:work_s=0.1", "lab:work_s=0.1"), ("127.0.0.1:1", "127.0.0.1:1")]
)
def test_what_needs_no_server_of_its_own_is_handed_to_the_run(asked: str, under_test: str, tmp_path: Path) -> None:
    with builder(asked, tmp_path).standing() as standing:
        assert standing.under_test == under_test


def test_a_scenario_that_launches_its_target_starts_the_builds_command_itself(tmp_path: Path) -> None:
    new = "cmd:./new --port {port} --jwks {jwks_url}"
    with builder(new, tmp_path, launches=True).standing() as standing:
        assert standing.under_test == new


def test_a_checked_out_command_starts_in_its_own_folder(tmp_path: Path) -> None:
    built = builder("git:v2", tmp_path, launches=True, target_command="./new --port {port}", _worktree=tmp_path / "a b")
    with built.standing() as standing:
        assert standing.under_test.startswith("cmd:sh -c ")
        assert f"\"'\"'{tmp_path}/a b'\"'\"' && exec ./new --port {{port}}" in standing.under_test


def test_a_run_that_did_not_begin_says_its_last_error_and_not_its_farewell(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    log.write_text(
        "[12:00] vm/ERROR/jwtstorm: target ended with 1: SyntaxError\n[12:01] vm/INFO/locust.main: Shutting down\n"
    )
    assert complaint(log) == f"target ended with 1: SyntaxError ({log})"
    log.write_text("no module named locust\n")
    assert complaint(log) == f"its last words: no module named locust ({log})"
