import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jwt
import pytest

from harness.errors import UsageError
from harness.tokens.sources.client_auth import ASSERTION_TYPE, ClientSecret, PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials, OAuthSource
from harness.tokens.sources.token_endpoint import POOL_CONNECTIONS
from tests.tokens.sources.fake_issuer import SECRET, Issuer, body, issuer, refusal
from tests.tokens.sources.key_files import KEYS, pem


@contextmanager
def opened(server: Issuer, **settings: Any) -> Iterator[OAuthSource]:
    source = ClientCredentials(server.url, "storm client", **settings).open_with(SECRET)
    try:
        yield source
    finally:
        source.endpoint.close()


@pytest.mark.e2e
def test_a_client_asks_as_the_standard_says() -> None:
    with issuer() as server, opened(server, scope="read write", extra={"resource": "urn:ledger"}) as source:
        assert source.fetch() == "a.b.c"
    ((headers, form),) = server.asked
    pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "storm+client:s3cret%2Fwith%3Asigns"
    assert form == {"grant_type": "client_credentials", "scope": "read write", "resource": "urn:ledger"}
    assert headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.e2e
def test_a_secret_can_go_in_the_form(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    with issuer() as server:
        auth = ClientSecret(style="post", file=tmp_path / "secret")
        source = ClientCredentials(server.url, "storm", auth=auth).open()
        assert source.fetch() == "a.b.c"
        source.endpoint.close()
    ((headers, form),) = server.asked
    assert "authorization" not in headers
    assert (form["client_id"], form["client_secret"]) == ("storm", SECRET)


@pytest.mark.e2e
def test_a_client_with_a_key_sends_an_assertion_of_its_own_each_time(tmp_path: Path) -> None:
    with issuer() as server:
        auth = PrivateKeyJwt(pem(tmp_path), key_id="c1", audience="https://issuer.example")
        source = ClientCredentials(server.url, "storm", auth=auth).open()
        for _ in range(2):
            source.fetch()
        source.endpoint.close()
    forms = [form for _, form in server.asked]
    public = KEYS["ES256"].public_key()
    claims = [
        jwt.decode(form["client_assertion"], public, ["ES256"], audience="https://issuer.example") for form in forms
    ]
    assert {form["client_assertion_type"] for form in forms} == {ASSERTION_TYPE}
    assert {(claim["iss"], claim["sub"], claim["exp"] - claim["iat"]) for claim in claims} == {("storm", "storm", 60)}
    assert len({claim["jti"] for claim in claims}) == 2
    header = jwt.get_unverified_header(forms[0]["client_assertion"])
    assert header == {"alg": "ES256", "kid": "c1", "typ": "client-authentication+jwt"}
    assert {claim["aud"] for claim in claims} == {"https://issuer.example"}
    assert not any("client_secret" in form for form in forms)


def test_an_assertion_is_for_the_issuer_and_never_for_whatever_address_is_asked(tmp_path: Path) -> None:
    auth = PrivateKeyJwt(pem(tmp_path))
    (sentence,) = ClientCredentials("http://127.0.0.1:1/token", "storm", auth=auth).mistakes()
    assert "signs for an issuer that is not known; give issuer_url=, or PrivateKeyJwt(audience=…)" in sentence
    assert ClientCredentials(issuer_url="http://127.0.0.1:1", client_id="storm", auth=auth).mistakes() == []


@pytest.mark.e2e
def test_an_issuers_address_is_enough() -> None:
    with issuer() as server:
        document = body(issuer=server.root, token_endpoint=server.url)
        server.pages["/.well-known/openid-configuration"] = (200, {}, document)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CLIENT_SECRET", SECRET)
            source = ClientCredentials(issuer_url=server.root, client_id="storm").open()
        assert source.fetch() == "a.b.c"
        source.endpoint.close()


@pytest.mark.e2e
def test_a_redirect_is_not_followed_for_it_would_carry_the_secret() -> None:
    with issuer() as server, opened(server) as source:
        server.answer = (307, {"location": server.url}, b"")
        assert refusal(source.fetch).cause == "BAD_RESPONSE"
    assert len(server.asked) == 1


@pytest.mark.e2e
def test_an_issuer_that_asks_to_wait_is_heard() -> None:
    with issuer() as server, opened(server) as source:
        server.answer = (429, {"retry-after": "7"}, b"")
        error = refusal(source.fetch)
    assert (error.cause, error.status, error.retry_after_s) == ("RATE_LIMITED", 429, 7.0)


@pytest.mark.e2e
def test_an_expired_secret_is_named() -> None:
    with issuer() as server, opened(server) as source:
        server.answer = (401, {}, body(error="invalid_client", error_description=SECRET))
        error = refusal(source.fetch)
    assert error.cause == "BAD_CLIENT"
    assert "401 invalid_client: the client's id, secret or key is wrong or expired" in str(error)


@pytest.mark.e2e
def test_an_issuer_that_is_not_there_is_unreachable() -> None:
    with issuer() as server:
        url = server.url
    assert refusal(ClientCredentials(url, "storm").open_with(SECRET).fetch).cause == "UNREACHABLE"


@pytest.mark.e2e
def test_an_issuer_that_never_answers_is_a_deadline() -> None:
    with Issuer() as mute:  # it listens, and nobody serves
        source = ClientCredentials(mute.url, "storm", timeout_s=0.05).open_with(SECRET)
        assert refusal(source.fetch).cause == "DEADLINE"
        source.endpoint.close()


def test_more_fetches_at_once_than_the_pool_holds_make_no_noise(caplog: pytest.LogCaptureFixture) -> None:
    source = ClientCredentials("http://127.0.0.1:1/token", "storm").open_with(SECRET)
    pool = source.endpoint._pool.connection_from_url("http://127.0.0.1:1")
    with caplog.at_level(logging.DEBUG, logger="urllib3.connectionpool"):
        for _ in range(POOL_CONNECTIONS + 20):
            pool._put_conn(pool._new_conn())
    assert [record.getMessage() for record in caplog.records if "full" in record.getMessage()] == []
    assert len(caplog.records) >= 20  # it did speak, of other things: the filter is what dropped the lines
    source.endpoint.close()


def test_a_secret_comes_from_the_environment_and_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ClientCredentials("http://127.0.0.1:1/token", "storm", auth=ClientSecret(env="STORM_SECRET"))
    monkeypatch.delenv("STORM_SECRET", raising=False)
    with pytest.raises(UsageError, match="STORM_SECRET, which is not set"):
        settings.open()
    monkeypatch.setenv("STORM_SECRET", SECRET)
    source = settings.open()
    assert SECRET not in f"{settings!r} {source!r} {source._prove()!r}"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "no issuer; give token_url=, or issuer_url="),
        ({"token_url": "ftp://x/token"}, "is no HTTP address"),
        ({"token_url": "127.0.0.1:80/token"}, "is no HTTP address"),
        ({"token_url": f"http://storm:{SECRET}@x/token"}, "holds credentials"),
        ({"token_url": 7}, "token_url=7 is no text"),
        ({"token_url": "http://x/t", "issuer_url": "http://x"}, "both given"),
        ({"client_id": " "}, "client_id=' ' must be a text"),
        ({"scope": ["read"]}, "scope=['read'] must be a text"),
        ({"timeout_s": 0}, "timeout_s=0 must be above 0"),
        ({"extra": {"client_secret": SECRET}}, "extra names client_secret, which has a setting of its own"),
        ({"extra": [1]}, "extra=list must be a mapping"),
        ({"auth": SECRET}, "auth is a str; give ClientSecret"),
        ({"auth": ClientSecret}, "auth is a type; give ClientSecret"),
        ({"auth": ClientSecret(style="header")}, "style='header' is unknown"),
        ({"auth": ClientSecret(file=Path("nowhere"))}, "file='nowhere' does not exist"),
        ({"auth": ClientSecret(env="")}, "env='' must be a text"),
    ],
)
def test_wrong_settings_are_named_at_once(settings: dict[str, Any], sentence: str) -> None:
    found = " | ".join(ClientCredentials(**settings).mistakes())
    assert sentence in found
    assert SECRET not in found
