"""The table of storms, from summaries made by hand."""

from pathlib import Path

import pytest

from harness import failure_ratio
from harness.errors import RunError
from harness.proof.storms import BEGIN, END, Line, Storm, page, write_into
from harness.results.summary import CheckResult, Summary, Verdict

CHECK = failure_ratio(below=0.01, when="steady")


def storm(animal: str, result: str, claimed: bool, word: str = "passed") -> Storm:
    checked = CheckResult(CHECK.to_json(), CHECK.text, result, 0.005, 0.01, f"It {result}.")  # type: ignore[arg-type]
    summary = Summary(
        "run",
        "calm",
        "storm",
        "",
        10,
        4,
        1,
        {},
        None,
        {},
        checks=(checked,),
        verdict=Verdict(word, 0, ("why",)),  # type: ignore[arg-type]
    )
    return Storm("calm", animal, frozenset({CHECK.label} if claimed else ()), summary)


def test_an_animal_is_killed_where_exactly_the_claimed_checks_fail() -> None:
    assert storm("never-renews", "failed", claimed=True, word="failed").verdict == "killed"


@pytest.mark.parametrize(("result", "claimed"), [("passed", True), ("failed", False), ("no data", True)])
def test_a_missed_animal_and_a_false_alarm_are_both_alive(result: str, claimed: bool) -> None:
    assert storm("never-renews", result, claimed=claimed, word="failed").verdict == "ALIVE"


def test_the_right_target_must_pass_and_an_invalid_run_is_no_pass() -> None:
    assert [storm("", "passed", claimed=False, word=word).as_claimed for word in ("passed", "invalid")] == [True, False]


def test_the_page_prints_the_kill_rate_over_animals_alone() -> None:
    made = [
        storm("", "passed", claimed=False),
        storm("never-renews", "failed", claimed=True, word="failed"),
        storm("skips-exp", "passed", claimed=True),
    ]
    assert "Killed 1 of 2 (50%); 1 of 1 scenarios pass" in page([one.line for one in made])


def test_the_table_replaces_the_lines_of_its_scenarios_and_keeps_those_of_others(tmp_path: Path) -> None:
    document = tmp_path / "storms.md"
    old = [Line("calm", "right", "invalid", "It was busy."), Line("kid-flood", "skips-exp", "killed", "3 | of 4.")]
    document.write_text(f"before\n{BEGIN}\n{page(old)}\n{END}\nafter\n")
    new = Line("calm", "right", "passed", "None of 9 failed.")
    write_into(document, [new])
    assert document.read_text() == f"before\n{BEGIN}\n{page([new, old[1]])}\n{END}\nafter\n"


def test_a_page_without_a_place_for_the_table_is_refused(tmp_path: Path) -> None:
    document = tmp_path / "storms.md"
    document.write_text("nothing")
    with pytest.raises(RunError, match="no place"):
        write_into(document, [])
