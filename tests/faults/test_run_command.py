from typing import Any

import pytest

from harness import Scenario, at, constant_rate
from harness.errors import ScenarioError
from harness.faults import RunCommand
from tests.faults.examples import Example

EXAMPLES = (
    Example(
        RunCommand(["kcadm.sh", "update", "realms/shop"], undo_command=["kcadm.sh", "restore"]),
        wrong=(
            ("command", []),
            ("command", "kcadm.sh update"),
            ("command", ["kcadm.sh", 5]),
            ("command", ["x", "{{env JWTSTORM_NO_SUCH}}"]),
            ("undo_command", ["", "x"]),
            ("undo_command", ("",)),
            ("within_s", 0),
            ("within_s", "5"),
        ),
    ),
    Example(RunCommand(["rotate-keys"], undo_command=None)),
)
LOAD = constant_rate(per_s=1, duration_s=60, max_users=1)


def mistakes(**changes: Any) -> str:
    with pytest.raises(ScenarioError) as caught:
        Scenario(load=LOAD, timeline=[at(5, **changes)])
    return str(caught.value)


def test_what_takes_it_back_must_be_said() -> None:
    said = mistakes(fault=RunCommand(["rotate-keys"]), until_s=9)
    assert "say what takes it back, undo_command=[…], or undo_command=None for nothing" in said


def test_a_command_with_nothing_to_take_back_has_no_end_and_one_with_an_undo_has() -> None:
    assert "until_s" in mistakes(fault=RunCommand(["rotate-keys"], undo_command=None), until_s=9)
    assert "until_s" in mistakes(fault=RunCommand(["rotate-keys"], undo_command=["x"]))
    Scenario(load=LOAD, timeline=[at(5, RunCommand(["rotate-keys"], undo_command=None))])
    Scenario(load=LOAD, timeline=[at(5, RunCommand(["rotate-keys"], undo_command=["x"]), until_s=9)])


def test_a_secret_of_the_environment_stands_in_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "swordfish")
    fault = RunCommand(["kcadm.sh", "--password", "{{env ADMIN_PASSWORD}}"], undo_command=None)
    assert fault.mistakes() == []
    assert "swordfish" not in f"{fault.settings()}{fault.text()}{fault!r}"
