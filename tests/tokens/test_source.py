from pathlib import Path

import pytest

from harness.endpoint import Endpoint
from harness.endpoint.safety import guard_source
from harness.errors import UsageError
from harness.tokens.source import SourceSettings
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.tokens.sources.login_call import LoginCall
from harness.tokens.sources.refresh_token import RefreshToken
from harness.tokens.sources.signing_key import SigningKey
from harness.tokens.sources.token_command import TokenCommand
from harness.tokens.sources.token_file import TokenFile

AWAY = [
    ClientCredentials("https://login.example/token", "storm"),
    ClientCredentials(issuer_url="https://login.example:8443/tenant", client_id="storm"),
    RefreshToken("https://login.example/token", "storm"),
    LoginCall("login.example:443", "a.Auth/Login"),
    LoginCall(Endpoint(("127.0.0.1:1", "login.example:443")), "a.Auth/Login"),
]
HERE = [
    None,
    ClientCredentials("http://127.0.0.1:8080/token", "storm"),
    ClientCredentials("http://[::1]:8080/token", "storm"),
    RefreshToken(issuer_url="http://localhost:8080", client_id="storm"),
    LoginCall("unix:/run/login.sock", "a.Auth/Login"),
    SigningKey(Path("key.pem")),
    TokenFile(Path("token")),
    TokenCommand(["token"]),
]


@pytest.mark.parametrize("source", AWAY)
def test_an_issuer_on_another_machine_must_be_allowed_by_name(source: SourceSettings) -> None:
    with pytest.raises(UsageError, match=r"the issuer at login\.example .* --allow-target login\.example"):
        guard_source(source, frozenset({"other.example"}))
    assert guard_source(source, frozenset({"login.example"})) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("source", HERE)
def test_an_issuer_here_and_a_source_that_calls_nobody_need_no_leave(source: SourceSettings | None) -> None:
    assert guard_source(source, frozenset()) is None  # type: ignore[func-returns-value]


def test_a_source_of_ones_own_may_say_whom_it_calls() -> None:
    class Own:
        def open(self) -> TokenFile:
            return TokenFile(Path("token"))

        def hosts(self) -> list[str]:
            return ["127.0.0.1", "vault.example"]

    with pytest.raises(UsageError, match=r"--allow-target vault\.example"):
        guard_source(Own(), frozenset())
