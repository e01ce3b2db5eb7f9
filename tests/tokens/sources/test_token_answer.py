from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import TokenError
from harness.results.row import Cause
from harness.tokens.sources.token_answer import LONGEST_WAIT_S, read_answer
from tests.tokens.craft import jwt_text
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
        text = str(refusal(partial(read_answer, 400, "", answer)))
        assert text == "the issuer answered 400; see its log for why, or ask it by hand"


TOKEN = jwt_text()
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("status", "data", "kind"),
    [
        (201, body(access_token=TOKEN), "application/json"),
        (202, body(access_token=TOKEN), ""),
        (200, body(access_token=f"{TOKEN}\n"), "application/json"),
        (200, body(access_token=f"  {TOKEN} "), "application/json"),
        (200, body(access_token=f"Bearer {TOKEN}"), "application/json"),
        (200, b"\xef\xbb\xbf" + body(access_token=TOKEN), "application/json"),
        (200, body(access_token=TOKEN).decode().encode("utf-16"), "application/json; charset=utf-16"),
        (200, f"access_token={TOKEN}&token_type=bearer".encode(), FORM),
        (200, f"access_token={TOKEN}&expires_in=300".encode(), "text/plain;charset=UTF-8"),
        (200, body(data={"access_token": TOKEN}), "application/json"),
        (200, body(token=TOKEN, expires_in=300), "application/json"),
        (200, body(access_token=TOKEN, id_token=TOKEN), "application/json"),
        (200, TOKEN.encode(), "application/jwt"),
        (200, body(access_token=TOKEN, token_type="JWT"), "application/json"),
    ],
)
def test_any_2xx_with_a_token_is_one(status: int, data: bytes, kind: str) -> None:
    assert read_answer(status, "", data, kind)["access_token"] == TOKEN


@pytest.mark.parametrize(
    ("status", "data", "kind", "said"),
    [
        (204, b"", "", "answered 204 without an access_token"),
        (200, body(access_token=""), "", "answered 200 without an access_token"),
        (200, body(access_token=None), "", "answered 200 without an access_token"),
        (200, body(access_token={"a": 1}), "", "answered 200 without an access_token"),
        (200, body(access_token="two words"), "", "an access_token that is none: it holds 2 words"),
        (200, body(id_token=TOKEN), "", "an ID token and no access token; ask for a scope or audience"),
        (200, body(access_token=TOKEN, token_type="DPoP"), "", "a token of type DPOP; the issuer wants a proof"),
        (200, body(refresh_token=TOKEN), "", "without an access_token"),
        (200, b"<!doctype html>", "text/html", "answered HTML; is the URL its token endpoint?"),
        (200, b"", "", "without an access_token"),
    ],
)
def test_an_answer_without_an_access_token_is_named(status: int, data: bytes, kind: str, said: str) -> None:
    error = refusal(lambda: read_answer(status, "", data, kind))
    assert error.cause == "BAD_RESPONSE"
    assert said in str(error)


CREDENTIALS = "the client's id, secret or key is wrong"


@pytest.mark.parametrize(
    ("status", "error", "description", "said"),
    [
        (401, "invalid_client", "", CREDENTIALS),
        (401, "unauthorized_client", "Invalid client or Invalid client credentials", CREDENTIALS),  # Keycloak
        (401, "access_denied", "Unauthorized", CREDENTIALS),  # Auth0
        (401, None, "", CREDENTIALS),
        (200, "incorrect_client_credentials", "", CREDENTIALS),  # GitHub
        (401, "invalid_client", "AADSTS7000215: Invalid client secret provided", "invalid_client (AADSTS7000215)"),
        (400, "unauthorized_client", "", "this client may not use this grant"),
        (400, "unauthorized_client", "AADSTS700016: not found", "(AADSTS700016)"),
        (403, "access_denied", "", "does not let this client have such a token"),
        (400, "invalid_scope", "", "the scope asked for is not granted"),
        (400, "use_dpop_nonce", "", "proof of possession (DPoP)"),
        (400, "interaction_required", "", "wants a person to log in"),
        (400, "no_such_code", "", "see its log for why"),
        (403, None, "", "look at its grants and the audience"),
        (405, None, "", "it takes no POST; is the URL its token endpoint?"),
        (415, None, "", "it takes no form"),
        (503, None, "", "the issuer is in trouble; see its log"),
        (302, None, "", "a redirect is not followed"),
    ],
)
def test_a_refusal_names_what_to_look_at(status: int, error: str | None, description: str, said: str) -> None:
    answer = body(error=error, error_description=f"{description} {SECRET}") if error else b""
    assert said in str(refusal(lambda: read_answer(status, "", answer)))


def test_an_issuer_that_asks_to_wait_for_ever_is_asked_again_within_the_hour() -> None:
    assert refusal(lambda: read_answer(429, "9" * 400, b"")).retry_after_s == LONGEST_WAIT_S


@given(st.integers(200, 599), st.text(), st.binary(), st.text())
def test_whatever_an_issuer_answers_is_a_token_error_or_a_token(
    status: int, header: str, data: bytes, kind: str
) -> None:
    with pytest.raises(TokenError) as caught:
        read_answer(status, header, data, kind)
    assert caught.value.cause in Cause.__members__
