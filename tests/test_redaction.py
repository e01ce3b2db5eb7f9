"""Texts of others: what speaks of tokens stays, and what is one goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.redaction import redact


@pytest.mark.parametrize(
    "text",
    [
        "missing bearer token",
        "Bearer challenge missing",
        "no 'Bearer ' prefix",
        "bearer authentication required",
        "Expected Bearer scheme",
        "expected 'Bearer ...'",
        "Bearer <token>",
        "bearer token: signature is invalid",
        "the bearer token was signed by nobody",
        'WWW-Authenticate: Bearer realm="x"',
    ],
)
def test_words_about_a_token_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Bearer SECRET",
        "unexpected bearer token: SECRET",
        "invalid Bearer: SECRET",
        "bearer token SECRET is not known",
        "Bearer token=SECRET",
        'bad header "Bearer SECRET"',
        "bearer token 'SECRET' has expired",
        "Bearer eyJhbGciOiJFUzI1NiJ9.SECRET",
    ],
)
@pytest.mark.parametrize("secret", ["mF_9.B5f-4.1JqM", "8d1f0c22", "AbCdEfGhIj", "qzxvtokenish7"])
def test_a_token_goes_wherever_it_stands_behind_the_word(text: str, secret: str) -> None:
    assert secret not in redact(text.replace("SECRET", secret))


@given(st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=30), st.sampled_from(["Bearer {}", "Bearer: {}"]))
def test_a_token_of_letters_alone_goes_where_nothing_but_it_is_shown(letters: str, text: str) -> None:
    shown = redact(text.format(letters))
    assert "[token]" in shown or shown == text.format(letters)
    assert "[token]" in redact(text.format(f"zq{letters}zq"))
