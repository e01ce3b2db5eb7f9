"""What every check promises, over the whole registry."""

from dataclasses import fields

import pytest

from harness.checks import CHECKS, Check, check_from_json
from harness.errors import RecordError
from tests.checks.worked import STEPS, Worked, summary
from tests.contract import declared, repeated_name

WORKED: list[Worked] = list(declared("checks", "WORKED"))
WRONG: list[Check] = list(declared("checks", "WRONG"))

every_check = pytest.mark.parametrize("name", sorted(CHECKS))
every_example = pytest.mark.parametrize("worked", WORKED, ids=lambda one: f"{one.check.label} {one.result}")


@every_check
def test_it_has_worked_numbers(name: str) -> None:
    results = {one.result for one in WORKED if one.check.check == name}
    missing = [result for result in ("passed", "failed") if result not in results]
    assert not missing, (
        f"{name} has no worked numbers that {' and none that '.join(missing)}; declare "
        f"WORKED = (Worked({name}(…), summary(…), 'passed', value),) in tests/checks/test_{name}.py"
    )


@every_check
def test_its_worked_numbers_are_the_judged_values(name: str) -> None:
    values = {one.value for one in WORKED if one.check.check == name} - {None}
    assert len(values) > 1, f"{name}: its worked numbers have one value; a check that returns a constant would pass"


@every_check
def test_its_docstring_says_what_is_computed(name: str) -> None:
    own = str(CHECKS[name].__dict__["__doc__"] or "")
    assert not own.startswith(f"{CHECKS[name].__name__}("), f"{name} has no docstring of its own"
    assert not (wrong := repeated_name(name, own)), wrong
    assert own.startswith("Bound "), f"{name}: begin its docstring with “Bound” and the quantity that it bounds"


@every_check
def test_each_setting_has_a_wrong_value(name: str) -> None:
    said = [mistake for check in WRONG if check.check == name for mistake in check.mistakes(STEPS)]
    untried = [one.name for one in fields(CHECKS[name]) if not any(f"{one.name}=" in sentence for sentence in said)]
    assert not untried, f"{name}: nothing in WRONG makes mistakes() name {', '.join(f'{one}=' for one in untried)}"


@every_example
def test_it_judges_a_summary_as_was_worked_out_by_hand(worked: Worked) -> None:
    found = worked.check.evaluate(worked.summary)
    assert found.result == worked.result, found.sentence
    assert found.value == (None if worked.value is None else pytest.approx(worked.value, rel=1e-4))
    assert worked.says in found.sentence
    assert found.check == worked.check.to_json()


@every_example
def test_it_survives_json_and_says_itself_in_words(worked: Worked) -> None:
    check = worked.check
    assert check_from_json(check.to_json()) == check
    assert check.mistakes(STEPS) == []
    assert check.text


@every_example
def test_without_anything_to_judge_it_has_no_data(worked: Worked) -> None:
    found = worked.check.evaluate(summary())
    assert (found.result, found.value) == ("no data", None)


@pytest.mark.parametrize("check", WRONG, ids=lambda check: check.text)
def test_a_wrong_setting_is_named_with_its_value(check: Check) -> None:
    (sentence,) = check.mistakes(STEPS)
    assert sentence.startswith(f"{check.check}:")


def test_an_unknown_check_in_a_file_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match="unknown check speed"):
        check_from_json({"check": "speed"})
    with pytest.raises(
        RecordError, match="check failure_ratio: there is no setting 'above'; known are below, when; use"
    ):
        check_from_json({"check": "failure_ratio", "above": 1})


def test_a_setting_of_another_type_in_a_file_is_refused_with_its_name() -> None:
    with pytest.raises(RecordError, match=r"check failure_ratio: Expected `float`, got `str` - at `\$\.below`; use"):
        check_from_json({"check": "failure_ratio", "below": "little"})
