from typing import Any

import pytest

from harness.errors import UsageError
from harness.lab import IssuerSettings, LabPlan, TargetSettings


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"links": frozenset({"database"})}, "link 'database' is unknown"),
        ({"foreign": {"target": "h:1"}}, "set target=None"),
        ({"foreign": {"jwks": "h:1"}}, "no part"),
        ({"target": None, "links": frozenset({"target"})}, "foreign={'target'"),
        ({"target": None, "links": frozenset({"jwks"})}, "the lab has no such end"),
        ({"issuer": None}, "whose tokens"),
    ],
)
def test_a_plan_that_cannot_be_started_says_the_way_out(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        LabPlan(**settings)


def test_a_foreign_target_can_stand_behind_a_link() -> None:
    assert LabPlan(target=None, foreign={"target": "10.0.0.1:443"}, links=frozenset({"target"})).issuer


@pytest.mark.parametrize(
    "settings", [{"algorithm": "none"}, {"lifetime_s": 0.5}, {"client_ids": ()}, {"fetch_failure_ratio": 2}]
)
def test_wrong_issuer_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        IssuerSettings(**settings)


@pytest.mark.parametrize("settings", [{"leeway_s": -1}, {"work_s": float("nan")}, {"issuer": "http://x"}])
def test_wrong_target_settings_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(settings))):
        TargetSettings(**settings)
