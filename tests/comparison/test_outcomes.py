from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from harness.comparison.outcomes import changed_causes, next_command, own_verdicts
from harness.report.versus import run_compare
from harness.results.summary import Cell, Summary, Verdict, read_summary, write_summary
from tests.comparison.test_single_runs import _run

PASSED = Verdict("passed", 0, ("all 3 checks hold",))
FAILED = Verdict("failed", 1, ("failures 2 %, over 0.1 %", "p99 400 ms, over 250 ms"))
INVALID = Verdict("invalid", 3, ("rows were lost",))
LABELS = ("v1", "v2")


def run_with(verdict: Verdict = PASSED, causes: dict[str, int] | None = None) -> Summary:
    cell = Cell("all", "*", causes=causes or {})
    return Summary("r", "calm", "b", "", 60, 10, 1, {}, None, {}, cells=(cell,), verdict=verdict)


def next_of(*runs: Summary, under_test: Sequence[str] = ("", ""), alike: bool = True) -> str:
    return next_command(LABELS, runs, under_test, alike=alike)


def test_both_runs_say_their_own_verdict_and_a_failed_one_its_first_reason() -> None:
    found = list(own_verdicts(LABELS, [run_with(), run_with(FAILED)]))
    assert found == ["v1 passed", "v2 failed: failures 2 %, over 0.1 % (and 1 more reason)"]


def test_a_cause_that_only_one_build_has_is_told_in_both_directions() -> None:
    runs = [run_with(causes={"EXPIRED": 4, "DEADLINE": 1}), run_with(causes={"DEADLINE": 7, "UNAVAILABLE": 12})]
    assert list(changed_causes(LABELS, runs)) == [
        "new cause, unavailable (UNAVAILABLE): 12 failed calls of v2, none of v1",
        "cause gone, token expired (EXPIRED): 4 failed calls of v1, none of v2",
    ]


def test_builds_that_fail_for_the_same_causes_have_nothing_new_however_often() -> None:
    assert list(changed_causes(LABELS, [run_with(causes={"EXPIRED": 1}), run_with(causes={"EXPIRED": 99})])) == []


def test_causes_of_a_run_that_measured_nothing_are_held_against_nobody() -> None:
    assert list(changed_causes(LABELS, [run_with(), run_with(INVALID, {"EXPIRED": 9})])) == []


def test_the_next_command_is_a_duel_of_what_the_runs_were_made_with() -> None:
    runs = (run_with(), run_with(FAILED))
    assert next_of(*runs).endswith(": jwtstorm duel BASE NEW --scenario calm")
    found = next_of(*runs, under_test=("", "cmd:./new --port {port}"))
    assert found.endswith(": jwtstorm duel lab 'cmd:./new --port {port}' --scenario calm")
    assert "that are alike" in next_of(*runs, alike=False)


def test_a_run_that_measured_nothing_is_made_again_first() -> None:
    runs = (run_with(), replace(run_with(INVALID), build="v 2"))
    found = next_of(*runs, under_test=("", "lab:work_s=0.1"), alike=False)
    assert found == "make v2 again: jwtstorm run calm --build 'v 2' --under-test lab:work_s=0.1"


def test_a_failed_check_its_cause_and_the_next_command_stand_on_the_console_and_the_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _run(tmp_path, "v1")
    path = _run(tmp_path, "v2")
    cells = tuple(
        replace(cell, causes={**cell.causes, "UNAVAILABLE": 12}) if (cell.phase, cell.method) == ("all", "*") else cell
        for cell in read_summary(path).cells
    )
    write_summary(path, replace(read_summary(path), verdict=FAILED, cells=cells))
    assert run_compare(["v1", "v2"], tmp_path, tmp_path / "out") == 4
    page, console = (tmp_path / "out" / "compare.html").read_text(), capsys.readouterr().out
    for text in ("v2 failed: failures 2 %", "cause, unavailable (UNAVAILABLE): 12 failed", "jwtstorm duel BASE NEW"):
        assert text in console
        assert text in page
