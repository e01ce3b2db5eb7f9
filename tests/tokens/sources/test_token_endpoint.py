from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TokenError
from harness.results.row import Cause
from harness.tokens.sources.token_endpoint import read_answer
from tests.tokens.sources.fake_issuer import SECRET, body, refusal


def test_a_good_answer_gives_its_fields() -> None:
    assert read_answer(200, "", body(access_token="a.b.c", expires_in=5))["access_token"] == "a.b.c"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (200, "BAD_RESPONSE"),
        (302, "BAD_RESPONSE"),
        (400, "BAD_CLIENT"),
        (401, "BAD_CLIENT"),
        (403, "BAD_CLIENT"),
        (404, "BAD_CLIENT"),
        (429, "RATE_LIMITED"),
        (500, "UNAVAILABLE"),
        (503, "UNAVAILABLE"),
    ],
)
def test_a_status_of_the_issuer_has_a_cause(status: int, cause: str) -> None:
    error = refusal(lambda: read_answer(status, "", b"{}"))
    assert error.cause == cause
    assert str(status) in str(error)


@pytest.mark.parametrize("answer", [b"<!DOCTYPE html><title>Log in</title>", b"\n<HTML>"])
def test_a_page_for_people_is_named(answer: bytes) -> None:
    assert "answered HTML; is the URL its token endpoint?" in str(refusal(lambda: read_answer(200, "", answer)))


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-5", 0.0), ("²", 0.0)]
)
def test_retry_after_is_taken_in_seconds_only(header: str, seconds: float) -> None:
    assert refusal(lambda: read_answer(429, header, b"")).retry_after_s == seconds


def test_only_error_codes_of_the_standard_are_quoted() -> None:
    assert "invalid_client" in str(refusal(lambda: read_answer(401, "", body(error="invalid_client"))))
    for error in (SECRET, [SECRET], None):
        answer = body(error=error)
        assert str(refusal(partial(read_answer, 400, "", answer))) == "the issuer answered 400"


@given(st.integers(200, 599), st.text(), st.binary(), st.text())
def test_whatever_an_issuer_answers_is_a_token_error_or_a_token(
    status: int, header: str, data: bytes, kind: str
) -> None:
    with pytest.raises(TokenError) as caught:
        read_answer(status, header, data, kind)
    assert caught.value.cause in Cause.__members__
