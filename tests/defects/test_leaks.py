import pytest

from harness.defects.good import segment
from harness.defects.leaks import leak
from harness.lab.target.gate import TEXTS

SENT = "Bearer eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzdG9ybSJ9.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("bad token c2lnbmF0dXJlLXRoYXQ", "a piece of the token"),
        ("Traceback (most recent call last)", "a piece of the server's code"),
        ("Unexpected <class 'ValueError'>: bad", "a piece of the server's code"),
        ("JWT expired at 2027-01-15T08:00:00Z", "a clock"),
        ("it is 99:99:99 here", "a clock"),
        ("exp 1800000000 is past", "a clock"),
        ("key -----BEGIN PUBLIC KEY-----", "a key or a token"),
    ],
)
def test_telling_texts_are_found(text: str, what: str) -> None:
    assert leak(text, SENT) == what


@pytest.mark.parametrize("text", ["", "Internal Server Error", "Error: no token", *TEXTS.values()])
def test_fixed_texts_tell_nothing(text: str) -> None:
    assert leak(text, SENT) == ""


def sent_with(exp: int, kid: str) -> str:
    return f"Bearer {segment({'alg': 'ES256', 'kid': kid})}.{segment({'exp': exp})}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        "token expired at 1800000000",
        "exp 1800000000.0 is past",
        "JWT expired at 2027-01-15T08:00:00Z",
        "expired at 2027-01-15 09:00 (CET)",
        "it ended at 13:30:00 in India",
        "no key 20261130120000",
    ],
)
def test_what_the_caller_itself_sent_tells_it_no_clock(text: str) -> None:
    assert leak(text, sent_with(1_800_000_000, "20261130120000")) == ""


@pytest.mark.parametrize(
    "text", ["expired at 1800000000, now is 1800000777", "Current time: 2027-01-15T08:12:57Z", "08:12:57"]
)
def test_a_date_that_is_none_of_the_tokens_own_is_a_clock(text: str) -> None:
    assert leak(text, sent_with(1_800_000_000, "k1")) == "a clock"
