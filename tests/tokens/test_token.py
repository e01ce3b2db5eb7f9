import base64
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TokenError
from harness.tokens.token import SHOWN_CLAIMS, Token
from tests.tokens.craft import jwt_text, segment

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def parse(claims: dict[str, Any]) -> Token:
    return Token.parse(jwt_text(claims), 5.0)


def test_the_window_is_what_nbf_and_exp_say() -> None:
    token = parse({"nbf": 10.5, "exp": 20})
    assert (token.begins_s, token.ends_s, token.obtained_s) == (10.5, 20.0, 5.0)
    assert token.life_s(12.0) == 8.0
    assert token.life_s(21.0) == -1.0


@pytest.mark.parametrize("absent", [{}, {"exp": None}, {"exp": "20"}, {"exp": True}, {"exp": math.nan}, {"exp": [20]}])
def test_an_end_that_is_no_number_is_no_end(absent: dict[str, Any]) -> None:
    token = parse(absent)
    assert (token.begins_s, token.ends_s) == (-math.inf, math.inf)


def test_an_end_beyond_all_floats_is_no_end() -> None:
    token = parse({"exp": 10**400, "nbf": -(10**400)})
    assert (token.begins_s, token.ends_s) == (-math.inf, math.inf)


@given(json_values, json_values)
def test_a_parsed_token_has_a_window_of_numbers_whatever_its_claims(nbf: Any, exp: Any) -> None:
    token = parse({"nbf": nbf, "exp": exp})
    assert not math.isnan(token.begins_s)
    assert not math.isnan(token.ends_s)


@given(st.text() | st.from_regex(r"[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*", fullmatch=True))
def test_a_string_that_is_no_jwt_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(TokenError) as caught:
        Token.parse(text, 0.0)
    assert caught.value.cause == "MALFORMED"
    assert len(text) < 8 or text not in str(caught.value)


@pytest.mark.parametrize(
    "text", ["", "a.b", "a.b.c.d", f"{segment([])}.{segment({})}.x", f"{segment({})}.{segment('x')}.x", "é.é.é"]
)
def test_what_is_no_compact_jws_is_malformed(text: str) -> None:
    with pytest.raises(TokenError, match=r"check (what the source returns|the source)"):
        Token.parse(text, 0.0)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("opaque0123456789", "is opaque, no JWT; .*audience="), ("a.b.c.d.e", "is encrypted"), ("a.b", "has 2 parts")],
)
def test_what_an_issuer_gives_instead_of_a_jwt_is_named(text: str, sentence: str) -> None:
    with pytest.raises(TokenError, match=sentence) as caught:
        Token.parse(text, 0.0)
    assert text not in str(caught.value)


def test_a_token_nested_beyond_reason_is_malformed() -> None:
    deep = "[" * 100_000
    with pytest.raises(TokenError, match="no JSON object"):
        Token.parse(f"{segment({})}.{_raw(deep)}.x", 0.0)


def _raw(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def test_repr_and_str_leave_the_token_out() -> None:
    text = jwt_text({"exp": 20, "sub": "storm"})
    token = Token.parse(text, 0.0)
    assert repr(token) == str(token) == "Token(kid='k1', exp=20)"
    for part in text.split("."):
        assert part not in f"{token!r} {token}"


def test_only_registered_claims_are_shown() -> None:
    shown = parse({"exp": 20, "email": "a@b.c", "sub": "storm"}).shown()
    assert shown == {"jti": "1-1", "exp": 20, "sub": "storm"}
    assert set(shown) <= set(SHOWN_CLAIMS)
    json.dumps(shown)


def test_two_tokens_of_the_same_text_are_two_tokens() -> None:
    text = jwt_text()
    assert Token.parse(text, 0.0) != Token.parse(text, 0.0)


def test_a_tokens_whole_life_is_what_its_issuer_gave_it() -> None:
    assert Token.parse(jwt_text({"iat": 1000, "exp": 1015}), 0.0).whole_life_s(1010.0) == 15
    assert Token.parse(jwt_text({"exp": 1015}), 0.0).whole_life_s(1010.0) == 5
