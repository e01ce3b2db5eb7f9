import pytest

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
        ("exp 1800000000 is past", "a clock"),
        ("key -----BEGIN PUBLIC KEY-----", "a key or a token"),
    ],
)
def test_telling_texts_are_found(text: str, what: str) -> None:
    assert leak(text, SENT) == what


@pytest.mark.parametrize("text", ["", *TEXTS.values()])
def test_fixed_texts_tell_nothing(text: str) -> None:
    assert leak(text, SENT) == ""
