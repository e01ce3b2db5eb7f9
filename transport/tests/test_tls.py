"""TLS: trusted or not, by the right name or not, with a certificate of the client's or without."""

import json
from collections.abc import Callable
from dataclasses import replace

import grpc
import pytest

from transport.tests.calling import Credentials, Outcome, Target, ask
from transport.tests.certificates import Authority
from transport.tests.client import Client
from transport.tests.server import Server

OVERRIDE = "grpc.ssl_target_name_override"
AUTHORITY, STRANGER = Authority(), Authority("a stranger")
Start = Callable[..., Server]


def serving(start: Start, *names: str, days: int = 1, require: bool = False) -> Target:
    """Start a TLS server of these names; return how to reach it, trusting its authority."""
    pair = AUTHORITY.leaf(*names, days=days)
    credentials = grpc.ssl_server_credentials([pair], AUTHORITY.pem if require else None, require)
    address = start(credentials=credentials).address
    return Target(address, tls=Credentials(roots=AUTHORITY.pem))


def asked(client: Client, target: Target) -> Outcome:
    return client.run(ask, target, b"secret")


def test_a_server_whose_authority_is_trusted_is_called(client: Client, start: Start) -> None:
    outcome = asked(client, serving(start, "localhost"))
    assert (outcome.code, outcome.messages) == ("OK", (b"secret",))


def test_large_messages_go_over_tls(client: Client, start: Start) -> None:
    outcome = client.run(ask, serving(start, "localhost"), b"m" * 3_000_000)
    assert (outcome.code, len(outcome.messages[0])) == ("OK", 3_000_000)


def test_a_server_of_another_authority_is_unavailable(client: Client, start: Start) -> None:
    outcome = asked(client, replace(serving(start, "localhost"), tls=Credentials(roots=STRANGER.pem)))
    assert outcome.code == "UNAVAILABLE"
    assert "ertificate" in outcome.details or "CERTIFICATE" in outcome.details


def test_a_server_of_another_name_is_unavailable(client: Client, start: Start) -> None:
    assert asked(client, serving(start, "elsewhere.example")).code == "UNAVAILABLE"


def test_the_name_override_is_the_name_that_is_checked(client: Client, start: Start) -> None:
    target = serving(start, "elsewhere.example")
    assert asked(client, replace(target, options=((OVERRIDE, "elsewhere.example"),))).code == "OK"
    assert asked(client, replace(target, options=((OVERRIDE, "nowhere.example"),))).code == "UNAVAILABLE"


def test_a_certificate_that_has_expired_is_refused(client: Client, start: Start) -> None:
    assert asked(client, serving(start, "localhost", days=-1)).code == "UNAVAILABLE"


def test_a_client_with_a_certificate_is_known_by_it(client: Client, start: Start) -> None:
    target = serving(start, "localhost", require=True)
    key, chain = AUTHORITY.leaf("the-client")
    outcome = client.run(ask, replace(target, tls=Credentials(AUTHORITY.pem, key, chain)), b"", "Seen")
    assert outcome.code == "OK", outcome
    assert json.loads(outcome.messages[0])["auth"]["x509_common_name"] == ["the-client"]


def test_a_client_without_a_certificate_is_turned_away(client: Client, start: Start) -> None:
    assert asked(client, serving(start, "localhost", require=True)).code == "UNAVAILABLE"


def test_a_client_with_a_strangers_certificate_is_turned_away(client: Client, start: Start) -> None:
    target = serving(start, "localhost", require=True)
    tls = Credentials(AUTHORITY.pem, *STRANGER.leaf("the-client"))
    assert asked(client, replace(target, tls=tls)).code == "UNAVAILABLE"


def test_tls_to_a_server_without_is_unavailable(client: Client, server: Server) -> None:
    assert asked(client, Target(server.address, tls=Credentials(roots=AUTHORITY.pem))).code == "UNAVAILABLE"


def test_no_tls_to_a_server_with_it_is_unavailable(client: Client, start: Start) -> None:
    assert asked(client, replace(serving(start, "localhost"), tls=None)).code == "UNAVAILABLE"


@pytest.mark.parametrize("name", ["roots", "key", "chain"])
def test_credentials_that_are_no_pem_are_an_error_and_no_crash(client: Client, start: Start, name: str) -> None:
    target = serving(start, "localhost", require=name != "roots")
    key, chain = AUTHORITY.leaf("the-client")
    good = Credentials(AUTHORITY.pem, key, chain)
    wrong = {name: b"no pem"}
    assert client.run(opened_or_called, replace(target, tls=replace(good, **wrong))) in {"ValueError", "UNAVAILABLE"}


def opened_or_called(target: Target) -> str:
    """Return what opening raised, or the code of a call."""
    try:
        channel = target.open()
    except ValueError:
        return "ValueError"
    channel.close()
    return ask(target).code
