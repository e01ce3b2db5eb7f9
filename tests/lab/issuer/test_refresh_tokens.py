import pytest

from harness.lab.issuer.refresh_tokens import RefreshTokens
from harness.lab.issuer.refusal import Refusal


def test_each_token_is_good_once_and_brings_the_next() -> None:
    tokens = RefreshTokens()
    first = tokens.first("app", "read write")
    scope, second = tokens.rotate(first, "app")
    assert scope == "read write"
    assert tokens.rotate(second, "app", "read")[0] == "read"


def test_a_token_that_comes_twice_ends_its_family_and_no_other() -> None:
    tokens = RefreshTokens()
    first, other = tokens.first("app", "read"), tokens.first("app", "read")
    _, second = tokens.rotate(first, "app")
    for dead in (first, second):
        with pytest.raises(Refusal, match="used before") as refusal:
            tokens.rotate(dead, "app")
        assert refusal.value.error == "invalid_grant"
    assert tokens.rotate(other, "app")[0] == "read"


def test_a_scope_that_was_not_granted_is_refused_and_costs_nothing() -> None:
    tokens = RefreshTokens()
    first = tokens.first("app", "read")
    with pytest.raises(Refusal, match="not offered"):
        tokens.rotate(first, "app", "write")
    assert tokens.rotate(first, "app")[0] == "read"


def test_a_stranger_cannot_use_or_end_a_token() -> None:
    tokens = RefreshTokens()
    first = tokens.first("app", "read")
    for token, client in ((first, "other"), ("rt-made-up", "app"), ("", "app")):
        with pytest.raises(Refusal, match="unknown"):
            tokens.rotate(token, client)
    assert tokens.rotate(first, "app")
    assert first not in repr(tokens)
