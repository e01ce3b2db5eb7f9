import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import UsageError
from harness.tokens.refresh import POLICIES, Tokens
from harness.tokens.variation import Variation, parse, policies, vary

SHARED = Tokens(lifetime_s=30, before_s=5, callers=10)


def test_a_variation_survives_its_text() -> None:
    for one in policies(SHARED):
        assert parse(one.text()) == one.changes


@given(st.floats(0, 1e6), st.booleans(), st.sampled_from(sorted(POLICIES)), st.integers(1, 10**6))
def test_every_kind_of_setting_survives_its_text(margin_s: float, shared: bool, policy: str, callers: int) -> None:
    changes = {"before_s": margin_s, "single_flight": shared, "refresh": policy, "callers": callers}
    assert parse(Variation("x", changes).text()) == changes


def test_only_what_is_named_changes() -> None:
    varied = vary(SHARED, "refresh=reactive, single_flight=false")
    assert (varied.refresh, varied.single_flight) == ("reactive", False)
    assert (varied.before_s, varied.callers) == (5, 10)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("colour=red", "'colour' is unknown; known are .*refresh"),
        ("refresh", "refresh has no value; write refresh=VALUE"),
        ("single_flight=maybe", "single_flight='maybe' is neither true nor false"),
        ("before_s=soon", "before_s='soon' is no number"),
        ("callers=1.5", "callers='1.5' is no number"),
    ],
)
def test_a_wrong_text_is_refused_by_name(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(text)


def test_callers_that_share_nothing_are_not_compared_with_single_flight() -> None:
    assert [one.name for one in policies(Tokens(callers=1))] == [
        "reactive",
        "fixed margin",
        "jittered margin",
        "background",
    ]
    assert len(policies(SHARED)) == 8


def test_every_policy_is_valid_and_has_a_name_of_its_own() -> None:
    found = policies(SHARED)
    assert not [sentence for one in found for sentence in vary(SHARED, one.text()).mistakes()]
    assert len({one.slug for one in found}) == len(found)
