"""The table of whole runs, from folders made by hand."""

import json
from pathlib import Path
from typing import Any

import pytest

from harness.errors import RunError
from harness.proof.mutation import main
from harness.proof.whole import newest, page, run_whole, unanswered, whole_runs
from harness.results.summary import Summary, Verdict, write_summary
from tests.e2e.storms import Trial, assert_ended, settings


def run(reports: Path, scenario: str, started: str, word: str, code: int, **data: Any) -> None:
    folder = reports / scenario / "full" / started
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"schema": 1, "host": {"load_1min": 2.04}, **data}))
    verdict = Verdict(word, code, (f"It was {word}.",))  # type: ignore[arg-type]
    write_summary(folder, Summary(started, scenario, "full", "", 60, 10, 1, {}, None, {}, verdict=verdict))


def test_the_newest_run_speaks_and_those_before_it_are_counted(tmp_path: Path) -> None:
    run(tmp_path, "calm", "1", "invalid", 3)
    run(tmp_path, "calm", "2", "failed", 1)
    run(tmp_path, "calm", "3", "passed", 0)
    run(tmp_path, "kid-flood", "1", "invalid", 3)
    table = page(whole_runs(tmp_path, "full"))
    assert "| `calm` | 60 s | passed | 0 | It was passed. | 2.0 | 1 invalid, 1 failed |" in table
    assert "| `kid-flood` | 60 s | invalid | 3 | It was invalid. | 2.0 | none |" in table
    assert table.endswith("1 of 2 scenarios passed on their full course.")


@pytest.mark.parametrize("variant", [{"scale": 0.4}, {"clients": ["never-renews"]}, {"lab": {"zoo": ["skips-exp"]}}])
def test_a_shortened_run_and_one_with_a_defect_are_no_whole_runs(tmp_path: Path, variant: dict[str, Any]) -> None:
    run(tmp_path, "calm", "1", "passed", 0, **variant)
    with pytest.raises(RunError, match="no whole run of the build 'full'"):
        whole_runs(tmp_path, "full")


def test_a_scenario_is_unanswered_without_a_run_or_by_an_invalid_one_and_not_by_one_that_failed(tmp_path: Path) -> None:
    everything = unanswered(tmp_path, "full")
    assert {"calm", "kid-flood", "fail-open"} < set(everything)
    assert "any" not in everything
    run(tmp_path, "calm", "1", "failed", 1)
    run(tmp_path, "fail-open", "1", "passed", 0)
    run(tmp_path, "kid-flood", "1", "passed", 0)
    run(tmp_path, "kid-flood", "2", "invalid", 3)
    assert set(everything) - set(unanswered(tmp_path, "full")) == {"calm", "fail-open"}


@pytest.mark.e2e
def test_the_command_makes_the_whole_runs_that_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Trial(tmp_path).write(settings())
    monkeypatch.setenv("REPORTS", str(tmp_path / "reports"))
    monkeypatch.chdir(Path(__file__).parents[2])
    ((_, code),) = run_whole([str(file)], "full", tmp_path / "reports")
    assert_ended(code, (tmp_path / "reports" / "trial-full.log").read_text(), {0})
    assert newest(whole_runs(tmp_path / "reports", "full")).keys() == {"trial"}


@pytest.mark.parametrize(("word", "code"), [("passed", 0), ("invalid", 1), ("failed", 1)])
def test_the_command_writes_the_table_and_tells_whether_all_passed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, code: int
) -> None:
    run(tmp_path, "calm", "1", word, code)
    document = tmp_path / "storms.md"
    document.write_text("before\n<!-- whole runs: begin -->\n<!-- whole runs: end -->\nafter\n")
    monkeypatch.setenv("REPORTS", str(tmp_path))
    assert main(["--whole", "full", "--write", str(document)]) == code
    assert f"| `calm` | 60 s | {word} |" in document.read_text()
