import base64
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from harness import clock
from harness.auth.source import (
    ClientCredentials,
    OAuthSource,
    SigningKey,
    TokenCommand,
    TokenFile,
    TokenSource,
    _access_token,
)
from harness.calls import Cause
from harness.errors import TokenError, UsageError
from tests.auth.craft import jwt_text

SECRET = "s3cret/with:signs"


def refusal(fetch: Callable[[], str]) -> TokenError:
    with pytest.raises(TokenError) as caught:
        fetch()
    assert caught.value.cause in Cause.__members__
    assert SECRET not in str(caught.value)
    return caught.value


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def test_a_good_answer_gives_its_access_token() -> None:
    assert _access_token(200, "", body(access_token="a.b.c", expires_in=5)) == "a.b.c"


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
    error = refusal(lambda: _access_token(status, "", b"{}"))
    assert error.cause == cause
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0), ("-5", 0.0), ("²", 0.0)]
)
def test_retry_after_is_taken_in_seconds_only(header: str, seconds: float) -> None:
    assert refusal(lambda: _access_token(429, header, b"")).retry_after_s == seconds


def test_only_error_codes_of_the_standard_are_quoted() -> None:
    assert "invalid_client" in str(refusal(lambda: _access_token(401, "", body(error="invalid_client"))))
    for error in (SECRET, [SECRET], None):
        answer = body(error=error)
        assert str(refusal(partial(_access_token, 400, "", answer))) == "the issuer answered 400"


@given(st.integers(200, 599), st.text(), st.binary())
def test_whatever_an_issuer_answers_is_a_token_error_or_a_token(status: int, header: str, data: bytes) -> None:
    with pytest.raises(TokenError) as caught:
        _access_token(status, header, data)
    assert caught.value.cause in Cause.__members__


class Issuer(HTTPServer):
    """Answers every request with what a test wants, and keeps what it was asked."""

    answer: tuple[int, dict[str, str], bytes] = (200, {}, body(access_token="a.b.c"))

    def __init__(self) -> None:
        self.asked: list[tuple[dict[str, str], dict[str, list[str]]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/token"


class _Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, parse_qs(form)))
        status, headers, data = self.server.answer
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        return


@contextmanager
def issuer() -> Iterator[Issuer]:
    with Issuer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def opened(server: Issuer, **settings: Any) -> Iterator[TokenSource]:
    source = OAuthSource(ClientCredentials(server.url, "storm client", **settings), SECRET)
    try:
        yield source
    finally:
        source._pool.clear()


@pytest.mark.e2e
def test_a_client_asks_as_the_standard_says() -> None:
    with issuer() as server, opened(server, scope="read write") as source:
        assert source.fetch() == "a.b.c"
    ((headers, form),) = server.asked
    pair = base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "storm%20client:s3cret%2Fwith%3Asigns"
    assert form == {"grant_type": ["client_credentials"], "scope": ["read write"]}
    assert headers["content-type"] == "application/x-www-form-urlencoded"


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
def test_an_issuer_that_is_not_there_is_unreachable() -> None:
    with issuer() as server:
        url = server.url
    source = OAuthSource(ClientCredentials(url, "storm"), SECRET)
    assert refusal(source.fetch).cause == "UNREACHABLE"


@pytest.mark.e2e
def test_an_issuer_that_never_answers_is_a_deadline() -> None:
    with Issuer() as mute:  # it listens, and nobody serves
        source = OAuthSource(ClientCredentials(mute.url, "storm", timeout_s=0.05), SECRET)
        assert refusal(source.fetch).cause == "DEADLINE"
        source._pool.clear()


def test_a_secret_comes_from_the_environment_and_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = ClientCredentials("http://127.0.0.1:1/token", "storm", secret_env="STORM_SECRET")
    monkeypatch.delenv("STORM_SECRET", raising=False)
    with pytest.raises(UsageError, match="STORM_SECRET"):
        settings.open()
    monkeypatch.setenv("STORM_SECRET", SECRET)
    assert SECRET not in f"{settings!r} {settings.open()!r}"


def key_file(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    path = folder / "key.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(*form))
    return path


def test_a_client_with_a_key_mints_tokens_that_are_good_now(tmp_path: Path) -> None:
    settings = SigningKey(key_file(tmp_path), key_id="k7", lifetime_s=60, claims={"aud": "ledger"})
    before_s = int(clock.wall())
    text = settings.open().fetch()
    claims = jwt.decode(text, options={"verify_signature": False})
    assert jwt.get_unverified_header(text)["kid"] == "k7"
    assert claims["aud"] == "ledger"
    assert before_s <= claims["iat"] <= clock.wall()
    assert claims["exp"] == claims["iat"] + 60


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA", "no-such"])
def test_a_key_that_does_not_fit_its_algorithm_is_a_bad_client(tmp_path: Path, algorithm: str) -> None:
    error = refusal(SigningKey(key_file(tmp_path), algorithm).open().fetch)
    assert error.cause == "BAD_CLIENT"
    assert f"does not fit {algorithm}" in str(error)


def test_a_key_that_is_not_there_is_refused_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="give the path of a PEM file"):
        SigningKey(tmp_path / "nowhere.pem").open()


def test_a_token_file_is_read_anew_at_each_fetch(tmp_path: Path) -> None:
    path = tmp_path / "token"
    source = TokenFile(path).open()
    assert refusal(source.fetch).cause == "UNREACHABLE"
    for serial in (1, 2):
        path.write_text(f"  {jwt_text(serial=serial)}\n")
        assert source.fetch() == jwt_text(serial=serial)
    path.write_bytes(b"\xff\xfe")
    assert refusal(source.fetch).cause == "UNREACHABLE"


def script(code: str) -> TokenCommand:
    return TokenCommand([sys.executable, "-c", code])


def test_a_commands_token_is_the_first_word_it_prints() -> None:
    assert script("print('a.b.c\\nmore')").fetch() == "a.b.c"


@pytest.mark.parametrize(
    "code", [f"print({SECRET!r}); raise SystemExit(3)", "pass", f"import sys; sys.stderr.write({SECRET!r})"]
)
def test_a_command_that_fails_or_prints_nothing_is_not_quoted(code: str) -> None:
    assert refusal(script(code).open().fetch).cause == "BAD_RESPONSE"


def test_a_command_that_is_not_there_is_unreachable(tmp_path: Path) -> None:
    assert refusal(TokenCommand([os.fspath(tmp_path / "nowhere")]).fetch).cause == "UNREACHABLE"


def test_a_command_that_takes_too_long_is_a_deadline() -> None:
    slow = TokenCommand([sys.executable, "-c", "import threading; threading.Event().wait()"], timeout_s=0.01)
    assert refusal(slow.fetch).cause == "DEADLINE"
