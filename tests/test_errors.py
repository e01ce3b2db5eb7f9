import pytest

from harness import errors
from harness.errors import HarnessError, LabError, LinkError, RunError, ScenarioError, TokenError, UsageError

EVERY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_has_one_root_and_stands_in_the_tree(kind: type[Exception]) -> None:
    assert issubclass(kind, HarnessError)
    assert errors.__doc__
    assert kind.__name__ in errors.__doc__


@pytest.mark.parametrize(("kind", "code"), [(UsageError, 2), (ScenarioError, 2), (RunError, 3), (LinkError, 3)])
def test_every_error_knows_its_exit_code(kind: type[HarnessError], code: int) -> None:
    assert kind.exit_code == code


def test_a_link_error_is_a_lab_error() -> None:
    assert issubclass(LinkError, LabError)


def test_a_scenario_error_counts_its_mistakes() -> None:
    assert str(ScenarioError("storm", ["one"])) == "storm: 1 mistake\n  - one"
    assert str(ScenarioError("storm", ["one", "two"])) == "storm: 2 mistakes\n  - one\n  - two"


def test_a_token_error_tells_cause_status_and_retry_after() -> None:
    error = TokenError("slow down", "RATE_LIMITED", 429, 3.0)
    assert (str(error), error.cause, error.status, error.retry_after_s) == ("slow down", "RATE_LIMITED", 429, 3.0)
