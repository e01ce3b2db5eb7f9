import argparse
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.endpoint import Endpoint, Retry, Tls
from harness.endpoint.call import DescriptorSet, Protos, Reflection, Stubs
from harness.errors import ScenarioError, UsageError
from harness.scenario import ad_hoc
from harness.tokens.sources.client_auth import PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.tokens.sources.signing_key import SigningKey
from harness.tokens.sources.token_command import TokenCommand
from harness.tokens.sources.token_file import TokenFile
from tests.endpoint.certificates import private_pem

CALL = ("--call", "a.B/C")
TARGET = ("--target", "127.0.0.1:1", *CALL)


@pytest.fixture
def token(tmp_path: Path) -> tuple[str, str]:
    path = tmp_path / "token"
    path.write_text("x")
    return ("--token-file", str(path))


def test_without_options_the_lab_is_asked() -> None:
    scenario = ad_hoc.from_arguments([])
    assert (scenario.target, scenario.issuer, list(scenario.calls)) == (None, None, [ad_hoc.OWN_CALL])


def test_options_of_locust_are_left_alone_and_users_are_shared(token: tuple[str, str]) -> None:
    scenario = ad_hoc.from_arguments(["-f", "any.py", "--headless", "-u", "7", "--processes", "2", *TARGET, *token])
    assert scenario.load.max_users == 7
    assert scenario.endpoint == Endpoint(("127.0.0.1:1",))


def test_a_rate_of_none_is_a_closed_load() -> None:
    assert ad_hoc.from_arguments(["--rate", "0"]).load.model == "closed"
    assert ad_hoc.from_arguments(["--rate", "9", "--duration", "3"]).load.per_s == 9


def test_every_way_to_reach_a_target_is_taken_over(token: tuple[str, str]) -> None:
    scenario = ad_hoc.from_arguments(
        [
            *(*TARGET, *token, "--target", "unix:/x", "--ca", "ca.pem", "--server-name", "n", "--authority", "a"),
            *("--keepalive", "5", "--max-message-bytes", "9", "--compression", "gzip", "--wait-for-ready"),
            *("--retry-attempts", "3", "--connections", "2"),
        ]
    )
    assert scenario.endpoint == Endpoint(
        addresses=("127.0.0.1:1", "unix:/x"),
        tls=Tls(ca=Path("ca.pem"), server_name="n"),
        connections=2,
        keepalive_s=5,
        max_message_bytes=9,
        compression="gzip",
        wait_for_ready=True,
        retry=Retry(3),
        authority="a",
    )


@pytest.mark.parametrize(
    ("options", "source"),
    [
        ((), Reflection()),
        (("--proto", "a.proto", "--include", "x"), Protos((Path("a.proto"),), (Path("x"),))),
        (("--descriptor-set", "s.bin"), DescriptorSet(Path("s.bin"))),
        (("--stubs", "a_pb2"), Stubs("a_pb2")),
    ],
)
def test_methods_come_from_where_the_options_say(token: tuple[str, str], options: tuple[str], source: object) -> None:
    assert ad_hoc.from_arguments([*TARGET, *token, *options]).methods == source


def test_tokens_come_from_where_the_options_say(
    tmp_path: Path, token: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLIENT_SECRET", "x")
    claims = tmp_path / "claims.json"
    claims.write_text('{"aud": "x"}')
    key = tmp_path / "key.pem"
    key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    sources = {
        TokenFile: token,
        TokenCommand: ("--token-command", "echo 'a b'"),
        ClientCredentials: ("--token-url", "http://127.0.0.1:1/token", "--client-id", "me"),
    }
    for kind, options in sources.items():
        assert isinstance(ad_hoc.from_arguments([*TARGET, *options]).issuer, kind)
    minted = ad_hoc.from_arguments([*TARGET, "--signing-key", str(key), "--claims", str(claims)]).issuer
    assert isinstance(minted, SigningKey)
    assert minted.claims == {"aud": "x"}


def test_claims_of_a_real_token_get_dates_and_an_id_of_their_own(tmp_path: Path) -> None:
    key, claims = tmp_path / "key.pem", tmp_path / "claims.json"
    key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    claims.write_text('{"aud": "x", "iat": 1700000000, "exp": 1700000090, "jti": "one"}')
    found = ad_hoc.from_arguments([*TARGET, "--signing-key", str(key), "--claims", str(claims)])
    assert isinstance(found.issuer, SigningKey)
    assert found.issuer.claims == {"aud": "x", "jti": "{uuid}"}
    assert found.issuer.lifetime_s == found.tokens.lifetime_s == 90
    assert not found.issuer.dates_on_purpose()
    other = ad_hoc.from_arguments([*TARGET, "--signing-key", str(key), "--claims", str(claims), "--lifetime", "7"])
    assert other.tokens.lifetime_s == 7


def test_an_issuer_may_be_discovered_and_a_client_prove_itself_by_a_key(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    issuer = ("--issuer-url", "http://127.0.0.1:1", "--client-id", "me")
    found = ad_hoc.from_arguments([*TARGET, *issuer, "--client-key", str(key), "--client-key-id", "k1"]).issuer
    assert isinstance(found, ClientCredentials)
    assert (found.issuer_url, found.token_url) == ("http://127.0.0.1:1", "")
    assert found.auth == PrivateKeyJwt(key, key_id="k1")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--issuer-url", "http://x", "--token-url", "http://x/t"), "tokens come from one place"),
        (("--token-url", "http://x/t", "--client-id", "me", "--client-key", "k.pem"), "give --issuer-url, which finds"),
        (
            ("--token-url", "http://x/t", "--client-id", "me", "--client-auth", "digest"),
            "no such style; give one of basic",
        ),
    ],
)
def test_options_of_an_issuer_that_do_not_go_together_are_named(options: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ad_hoc.from_arguments([*TARGET, *options])


def test_a_token_command_with_an_open_quote_is_refused_unquoted() -> None:
    with pytest.raises(UsageError, match="--token-command is no command") as caught:
        ad_hoc.from_arguments([*TARGET, "--token-command", "get 's3cret"])
    assert "s3cret" not in str(caught.value)


def test_data_may_come_from_a_file(tmp_path: Path, token: tuple[str, str]) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"a": "{{seq}}"}')
    (call,) = ad_hoc.from_arguments([*TARGET, *token, "--data-file", str(file)]).calls
    assert call.data == {"a": "{{seq}}"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "127.0.0.1:1"), "say where its tokens come from"),
        (("--token-file", "t"), "without --target"),
        ((*TARGET, "--token-file", "t", "--token-command", "x"), "keep one of"),
        ((*CALL, "--data", "{"), "--data is no JSON"),
        ((*CALL, "--data", '{"a": 1, "a": 2}'), "--data has the member 'a' twice"),
        ((*CALL, "--data", "[" * 100_000), "--data is nested too deep"),
        ((*CALL, "--data", '{"a": ' + "9" * 5000 + "}"), "a number that is too long"),
        ((*CALL, "--data", "{}", "--data-file", "x"), "keep one of them"),
        ((*CALL, "--data-file", "/none"), "/none: No such file or directory; check the path"),
        ((*CALL, *CALL, "--data", "{}"), "2 --call and 1 --data"),
        (("--data", "{}"), "say what to call"),
        (("--rate", "x"), "--rate"),
    ],
)
def test_options_that_cannot_be_are_named(options: tuple[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        ad_hoc.from_arguments(options)


def test_mistakes_of_an_endpoint_are_those_of_the_scenario(token: tuple[str, str]) -> None:
    with pytest.raises(ScenarioError, match="compression='zip'") as caught:
        ad_hoc.from_arguments([*TARGET, *token, "--compression", "zip", "--cert", "c.pem"])
    assert "without key=" in str(caught.value)


def test_every_option_is_in_the_help() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    ad_hoc.add_options(parser)
    options = [option for action in parser._actions for option in action.option_strings]
    assert [option for option in options if option not in ad_hoc.described()] == []


class LocustsParser(argparse.ArgumentParser):
    def add_argument(self, *names: Any, include_in_web_ui: bool = True, **settings: Any) -> argparse.Action:
        assert not include_in_web_ui or names[0] == "-h", names
        return super().add_argument(*names, **settings)


def test_a_master_can_send_every_option_to_its_workers() -> None:
    parser = LocustsParser()
    ad_hoc.add_to_locust(parser)
    one_each = [word for action in parser._actions if action.dest != "help" for word in given(action)]
    sent = vars(parser.parse_args(one_each))
    assert msgpack.unpackb(msgpack.packb(sent)) == sent


def given(action: argparse.Action) -> tuple[str, ...]:
    return (action.option_strings[-1], *(() if action.nargs == 0 else ("1",)))
