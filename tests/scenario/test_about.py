from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.scenario.about import about


def write(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "expiry_storm.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_docstring_says_title_question_and_steady_state(tmp_path: Path) -> None:
    text = '''"""Expiry storm: all die.

Question: does one expired token
cost one refresh?
Steady state:
failures under 0.1 %.

Nothing of this belongs to it.
"""
raise SystemExit("importing would end here")
'''
    told = about(write(tmp_path, text))
    assert (told.name, told.title) == ("expiry-storm", "Expiry storm: all die.")
    assert told.question == "does one expired token cost one refresh?"
    assert told.steady_state == "failures under 0.1 %."


def test_a_file_without_a_docstring_has_a_name_only(tmp_path: Path) -> None:
    told = about(write(tmp_path, "x = 1\n"))
    assert (told.name, told.title, told.question, told.steady_state) == ("expiry-storm", "", "", "")


def test_another_source_has_another_hash(tmp_path: Path) -> None:
    first = about(write(tmp_path, "x = 1\n"))
    assert about(write(tmp_path, "x = 2\n")).source_hash != first.source_hash


@pytest.mark.parametrize(
    ("text", "said"), [("x = (\n", "line 1 is no Python"), (b"x = '\xff'\n", "no Python"), (b"x\0", "no Python")]
)
def test_a_file_that_is_no_python_is_refused(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        about(write(tmp_path, text))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        about(tmp_path / "nothing.py")


@pytest.mark.parametrize("path", sorted(Path("scenarios").glob("[!_]*.py")), ids=lambda path: path.stem)
def test_every_scenario_of_ours_has_a_title_a_question_and_a_steady_state(path: Path) -> None:
    told = about(path)
    assert told.title.endswith(".")
    assert told.question.endswith("?")
    assert told.steady_state
