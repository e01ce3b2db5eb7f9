import time

import pytest
from hypothesis import strategies as st

from harness.errors import UsageError
from tests.fuzz import Reader, load
from tests.fuzz.course import run
from tests.fuzz.judge import complaint

SHARE = 150
SEED = 20


@pytest.mark.parametrize("name", sorted(load()))
def test_a_reader_answers_or_refuses_with_a_way_out(name: str) -> None:
    course = run(load()[name], SHARE, SEED)
    assert course.inputs >= SHARE
    assert course.complaints == {}


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        (lambda given: given[100], "crash: IndexError"),
        (lambda _: _refuse("no"), "mute: 'no'"),
        (lambda given: _refuse(f"cannot read {given}; mend it"), "quotation: "),
        (lambda _: _refuse("cannot be read; mend it"), ""),
        (lambda _: None, ""),
    ],
)
def test_the_judge_complains_of_what_a_reader_may_not_do(wrong: object, found: str) -> None:
    reader = Reader("wrong", st.text(), wrong, secret=True)  # type: ignore[arg-type]
    said = complaint(reader, "a secret that is long enough")
    assert said.startswith(found)
    assert bool(said) is bool(found)


def test_the_judge_ends_what_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.judge.MOST_S", 0.01)
    assert complaint(Reader("hangs", st.none(), lambda _: time.sleep(60)), None).startswith("hang: over 0.01 s")


def _refuse(text: str) -> None:
    raise UsageError(text)
