import pytest

from harness.faults import RefreshOff


@pytest.mark.parametrize("decision", ["use", "fetch", "use_and_fetch"])
@pytest.mark.parametrize("before", [False, True])
def test_whatever_the_policy_wants_the_token_held_is_used(decision: str, before: bool) -> None:
    assert RefreshOff().on_refresh(decision, before=before) == "use"
