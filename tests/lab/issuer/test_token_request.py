import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.lab.issuer.clients import ClientBook, RegisteredClient
from harness.lab.issuer.refusal import Refusal
from harness.lab.issuer.token_request import RequestedGrant, grant_name, read_request

FORM = "application/x-www-form-urlencoded"
CLIENTS = ClientBook([RegisteredClient("storm", "s3cret"), RegisteredClient("odd:id", "p w+%")], float, lambda: ("",))
GRANT = "grant_type=client_credentials"
POST = f"{GRANT}&client_id=storm&client_secret=s3cret"


def basic(credentials: str) -> str:
    return "Basic " + base64.b64encode(credentials.encode()).decode()


def ask(body: str, authorization: str | None = None, content_type: str = FORM) -> RequestedGrant:
    return read_request(content_type, authorization, body.encode(), CLIENTS.authenticate, "read write")


def test_both_client_authentications_are_granted() -> None:
    assert ask(POST) == ask(GRANT, basic("storm:s3cret")) == RequestedGrant("storm", "read write")
    assert ask(f"{POST}&scope=write").scope == "write"
    assert ask(POST, content_type=f"{FORM}; charset=UTF-8").client_id == "storm"


def test_basic_credentials_are_form_encoded() -> None:
    assert ask(GRANT, basic("odd%3Aid:p+w%2B%25")).client_id == "odd:id"


@pytest.mark.parametrize(
    ("body", "authorization", "error", "status"),
    [
        ("client_id=storm&client_secret=s3cret", None, "invalid_request", 400),
        (f"{POST}&{GRANT}", None, "invalid_request", 400),
        (POST, basic("storm:s3cret"), "invalid_request", 400),
        (f"{GRANT}&client_id=other", basic("storm:s3cret"), "invalid_request", 400),
        (POST.replace("client_credentials", "password"), None, "unsupported_grant_type", 400),
        (f"{POST}&scope=root", None, "invalid_scope", 400),
        (POST.replace("client_credentials", "refresh_token"), None, "invalid_request", 400),
        (POST + "x", None, "invalid_client", 401),
        (GRANT, None, "invalid_client", 401),
        (f"{GRANT}&client_id=nobody&client_secret=", None, "invalid_client", 401),
        (GRANT, basic("storm:wrong"), "invalid_client", 401),
        (GRANT, "Bearer x", "invalid_client", 401),
        (GRANT, "Basic !", "invalid_client", 401),
        ("\xff", None, "invalid_request", 400),
    ],
)
def test_a_bad_request_is_refused_as_the_standard_says(
    body: str, authorization: str | None, error: str, status: int
) -> None:
    with pytest.raises(Refusal) as refusal:
        ask(body, authorization)
    assert (refusal.value.error, refusal.value.status) == (error, status)


def test_a_body_that_is_no_form_is_refused() -> None:
    with pytest.raises(Refusal, match="body must be"):
        ask(POST, content_type="application/json")


def test_no_refusal_repeats_the_secret() -> None:
    with pytest.raises(Refusal) as refusal:
        ask(f"{GRANT}&client_id=storm&client_secret=hunter2")
    assert "hunter2" not in refusal.value.description


def test_a_request_is_counted_under_the_grant_it_names_and_no_word_of_the_clients() -> None:
    named = [grant_name(FORM, body) for body in (POST.encode(), b"grant_type=refresh_token", b"grant_type=x", b"\xff")]
    assert named == ["client_credentials", "refresh_token", "other", "other"]


@given(st.text(), st.none() | st.text() | st.binary().map(lambda raw: "Basic " + base64.b64encode(raw).decode()))
def test_garbage_is_refused_and_never_granted(body: str, authorization: str | None) -> None:
    with pytest.raises(Refusal):
        ask(body, authorization)
