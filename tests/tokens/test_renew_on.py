from typing import Any

import pytest

from harness.tokens.refresh import Tokens, settings
from harness.tokens.renew_on import RenewOn


def test_a_text_outweighs_the_code() -> None:
    refusals = RenewOn.of(("PERMISSION_DENIED", "Signature has expired"))
    assert refusals.hold(7, "")
    assert refusals.hold(2, "jwt: signature has EXPIRED at 12:00")
    assert not refusals.hold(2, "boom")
    assert not refusals.hold(16, "who are you")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("UNAUTHENTICATED", "is no list of codes and texts"),
        (("PERMISION_DENIED",), "looks like a code"),
        (("OK",), "is no failure"),
        (("",), "is no text"),
        ((7,), "is no text"),
    ],
)
def test_a_wrong_entry_is_named_with_the_way_out(wrong: Any, said: str) -> None:
    (mistake,) = Tokens(renew_on=wrong).mistakes()
    assert said in mistake
    assert "Signature has expired" in mistake


def test_runs_of_older_builds_stay_comparable_where_nothing_was_set() -> None:
    assert "renew_on" not in settings(Tokens())
    assert settings(Tokens(renew_on=("expired",)))["renew_on"] == ("expired",)
