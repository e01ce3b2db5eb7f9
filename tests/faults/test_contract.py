"""What every fault promises, over the whole registry."""

import inspect
import json
from dataclasses import fields, replace

import pytest

from harness.errors import UsageError
from harness.faults import FAULTS, Fault, fault_from_json
from tests.contract import repeated_name
from tests.fakes.lab import LINKS
from tests.faults.examples import EXAMPLES, Example, label

PARTS = {"issuer", "target", "process", "clock", "command", *(f"link:{link}" for link in LINKS)}

every_fault = pytest.mark.parametrize("example", EXAMPLES, ids=label)
wrong_settings = pytest.mark.parametrize(
    ("example", "setting", "value"),
    [pytest.param(e, name, value, id=f"{e.fault.name()}-{name}={value}") for e in EXAMPLES for name, value in e.wrong],
)


def test_every_fault_has_an_example() -> None:
    missing = sorted(set(FAULTS) - {example.fault.name() for example in EXAMPLES})
    assert not missing, f"declare EXAMPLES = (Example(…),) in tests/faults/test_<name>.py for {', '.join(missing)}"


def test_every_setting_without_a_free_value_has_a_wrong_one() -> None:
    tried = {(example.fault.name(), name) for example in EXAMPLES for name, _ in example.wrong}
    known = {(name, field.name) for name, kind in FAULTS.items() for field in fields(kind)}  # type: ignore[arg-type]
    untried = sorted(f"{fault}: {setting}" for fault, setting in known - tried)
    assert not untried, f"give wrong=((setting, value),) that mistakes() must name, for {', '.join(untried)}"


@every_fault
def test_a_fault_says_itself_in_one_line(example: Example[Fault]) -> None:
    text = example.fault.text()
    assert text.strip() == text
    assert text
    assert "\n" not in text


@every_fault
def test_its_docstring_says_what_it_does(example: Example[Fault]) -> None:
    kind = type(example.fault)
    own = str(kind.__dict__["__doc__"] or "")
    assert not own.startswith(f"{kind.__name__}("), f"{kind.__name__} has no docstring of its own"
    assert not (wrong := repeated_name(kind.__name__, own)), wrong


@every_fault
def test_an_example_has_no_mistakes(example: Example[Fault]) -> None:
    assert example.fault.mistakes() == []


@wrong_settings
def test_a_wrong_setting_is_refused_by_name(example: Example[Fault], setting: str, value: object) -> None:
    fault = replace(example.fault, **{setting: value})  # type: ignore[type-var]
    sentences = fault.mistakes()
    assert sentences, f"{fault} passed"
    assert all(sentence.startswith(fault.name() + ":") for sentence in sentences)
    assert any(f"{setting}=" in sentence for sentence in sentences)


@every_fault
def test_a_fault_survives_json(example: Example[Fault]) -> None:
    fault = example.fault
    settings = json.loads(json.dumps(fault.settings()))
    assert fault_from_json(fault.name(), settings) == fault


@every_fault
def test_an_unknown_setting_is_refused_by_name(example: Example[Fault]) -> None:
    with pytest.raises(UsageError, match="colour"):
        fault_from_json(example.fault.name(), {**example.fault.settings(), "colour": "red"})


@every_fault
def test_an_unset_setting_is_refused_by_name(example: Example[Fault]) -> None:
    settings = example.fault.settings()
    for required in _required(example.fault):
        rest = {name: value for name, value in settings.items() if name != required}
        with pytest.raises(UsageError, match=required):
            fault_from_json(example.fault.name(), rest)


def _required(fault: Fault) -> list[str]:
    parameters = inspect.signature(type(fault)).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is parameter.empty]


def test_an_unknown_fault_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UsageError, match=r"'earthquake'.*known are .*expire_all"):
        fault_from_json("earthquake", {})


@every_fault
def test_a_fault_needs_only_parts_that_a_lab_can_have(example: Example[Fault]) -> None:
    assert example.fault.needs() <= PARTS
