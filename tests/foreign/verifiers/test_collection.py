import time
from pathlib import Path
from typing import Any

import pytest

from harness.results.row import Cause
from harness.results.verifier_texts import read_text
from tests.foreign.verifiers.collection import Line, line, read, steady, write
from tests.foreign.verifiers.exam import PAST_S, SITUATIONS, exam
from tests.foreign.verifiers.programs import PROGRAMS, Program

SAID: dict[str, Any] = {
    "library": "lib",
    "version": "1",
    "situation": "expired",
    "text": "token is expired by 1h0m1.5s",
}


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("token is expired by 1h0m1.369111321s", "token is expired by {duration}"),
        (
            "JWT expired 3600123 milliseconds ago at 2026-11-30T19:44:49.123Z",
            "JWT expired {number} milliseconds ago at {time}",
        ),
        ("Token expired, 1796067820 < 1796071421", "Token expired, {epoch} < {epoch}"),
        (
            "dial tcp 127.0.0.1:54971: connect: connection refused",
            "dial tcp 127.0.0.1:{port}: connect: connection refused",
        ),
        (f"got {'eyJ' * 9}.{'a' * 30}.{'b' * 30}", "got {token}"),
        (f"n={'x' * 342}", "n={blob}"),
        ("401 of 3 parts", "401 of 3 parts"),
    ],
)
def test_what_changes_from_run_to_run_is_replaced(text: str, stands: str) -> None:
    assert steady(text) == stands
    assert steady(stands) == stands


def test_a_line_has_the_cause_of_its_situation_unless_its_words_say_something_else() -> None:
    assert line("x", SAID).causes == (Cause.EXPIRED,)
    refused_late = {**SAID, "situation": "unknown_kid", "text": "invalid signature"}
    assert line("x", refused_late).causes == (Cause.BAD_SIGNATURE,)


def test_a_table_is_the_same_whatever_order_it_was_heard_in(tmp_path: Path) -> None:
    lines = [
        Line("b", "Lib", "1", "unknown_kid", "UNKNOWN_KEY", "no"),
        Line("a", "Z", "1", "expired", "EXPIRED", "late"),
    ]
    lines += [Line("b", "lib2", "1", "good", "OK", "?", also=("EXPIRED",), source="a page"), lines[0]]
    one, other = tmp_path / "one", tmp_path / "other"
    write(lines, one)
    write(reversed(lines), other)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(read(one), key=str) == sorted(set(lines), key=str)


def test_the_exam_asks_each_question_once_and_the_good_one_first() -> None:
    with exam(time.time()) as questions:
        paper = questions.paper()
    names = [question["name"] for question in paper["situations"]]
    assert names == [situation.name for situation in SITUATIONS]
    assert len(set(names)) == len(names)
    assert names[0] == "good"


def test_a_program_that_refuses_the_good_token_proves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.foreign.verifiers.programs.BUILT", tmp_path)
    (tmp_path / "odd").mkdir()
    refusal = '{"library": "lib", "version": "1", "situation": "good", "text": "no"}'
    with pytest.raises(ValueError, match="lib refuse the good token"):
        Program("odd", "x", (), (), ("echo", refusal)).ask({})


@pytest.mark.e2e
@pytest.mark.long
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_libraries_say_today_what_the_table_holds(program: Program) -> None:
    if not program.place.exists() or (program.place / "texts").is_dir():
        pytest.skip(f"{program.name}: not built; run `make texts`")
    with exam(time.time()) as questions:
        said = program.ask(questions.paper())
    assert {line(program.language, one) for one in said} - set(read()) == set()
    amounts = {one["text"]: rejection.amount_s for one in said if (rejection := read_text(one["text"])) is not None}
    assert {text: late_s for text, late_s in amounts.items() if late_s and abs(late_s - PAST_S) > 120} == {}
