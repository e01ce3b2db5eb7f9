"""A lab that speaks TLS, with clients of the user's own: every way to a token leads to a call that is let in."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import urllib3
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from harness import ClientCredentials, PrivateKeyJwt
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.tokens.sources.client_auth import ClientSecret
from harness.tokens.token import Token
from tests.e2e.lab_user import FORM
from tests.e2e.probed import started
from tests.endpoint.certificates import private_pem

pytestmark = pytest.mark.e2e


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


class ServedLab:
    """What a served lab printed, and how to use it."""

    def __init__(self, told: Iterator[str]) -> None:
        head = "".join(iter(lambda: next(told), "Ctrl-C ends it.\n"))
        self.target, self.issuer, self.ca = re.findall(r"^(?:target|issuer|ca) +(\S+)", head, re.MULTILINE)
        self.head = head
        self.told = told
        self.http = urllib3.PoolManager(ca_certs=self.ca, retries=False)

    def ask(self, **form: str) -> tuple[int, dict[str, Any]]:
        answer = self.http.request(
            "POST", f"{self.issuer}/token", body="&".join(map("=".join, form.items())), headers=FORM
        )
        return answer.status, answer.json()

    def call(self, token: str) -> int:
        with grpc.secure_channel(self.target, grpc.ssl_channel_credentials(Path(self.ca).read_bytes())) as channel:
            stub: Any = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
            metadata = (("authorization", f"Bearer {token}"),)
            return int(stub.GetBalance(pb.BalanceRequest(account="1"), metadata=metadata, timeout=10).cents)


@contextmanager
def serving(*words: str) -> Iterator[ServedLab]:
    with started("serve", "--tls", *words) as process:
        assert process.stdout
        yield ServedLab(process.stdout)


def test_every_way_to_a_token_leads_to_a_call_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    (tmp_path / "private.pem").write_bytes(private_pem(key))
    (tmp_path / "public.pem").write_bytes(key.public_key().public_bytes(*form))
    (tmp_path / "claims.json").write_text('{"tenant": "t1"}')
    monkeypatch.setenv("SHOP_SECRET", "a secret of mine")
    monkeypatch.setenv("CLIENT_SECRET", "a secret of mine")
    ports = free_port(), free_port()
    words = (
        *("--client", "shop={{env SHOP_SECRET}}", "--client-key", f"batch={tmp_path / 'public.pem'}"),
        *("--token-life", "120", "--audience", "shop-api", "--claims", str(tmp_path / "claims.json")),
        *("--refresh-tokens", "--algorithm", "EdDSA", "--write-ca", str(tmp_path / "ca.pem")),
        *("--target-port", str(ports[0]), "--issuer-port", str(ports[1])),
    )
    with serving(*words) as lab:
        assert (lab.target, lab.issuer) == (f"127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}")
        assert "a secret of mine" not in lab.head
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        ways = (
            ClientCredentials(issuer_url=lab.issuer, client_id="shop"),
            ClientCredentials(issuer_url=lab.issuer, client_id="shop", auth=ClientSecret(style="post")),
            ClientCredentials(issuer_url=lab.issuer, client_id="batch", auth=PrivateKeyJwt(tmp_path / "private.pem")),
        )
        for way in ways:
            token = way.open().fetch()
            text = token if isinstance(token, str) else token.access_token
            claims = Token.parse(text, 0.0).claims
            assert (claims["aud"], claims["tenant"], claims["exp"] - claims["iat"]) == ("shop-api", "t1", 120)
            assert lab.call(text) > 0
        secret = {"client_id": "shop", "client_secret": "a+secret+of+mine"}
        _, first = lab.ask(grant_type="client_credentials", **secret)
        _, second = lab.ask(grant_type="refresh_token", refresh_token=first["refresh_token"], **secret)
        assert lab.call(second["access_token"]) > 0
        assert lab.ask(grant_type="refresh_token", refresh_token=first["refresh_token"], **secret)[0] == 400
        told = ""
        while "refresh_token 400" not in told:
            told += next(lab.told)
        assert sum(map(int, re.findall(r"(\d+) client_credentials 200", told))) == 4
        assert "a secret of mine" not in told


def test_the_target_speaks_h2_and_the_issuer_http_1_whatever_is_offered() -> None:
    with serving() as lab:
        assert agreed(lab.target, lab.ca) == "h2"
        assert agreed(lab.issuer.removeprefix("https://"), lab.ca) == "http/1.1"
        discovery = lab.http.request("GET", f"{lab.issuer}/.well-known/openid-configuration").json()
        assert discovery["issuer"] == lab.issuer
        assert discovery["token_endpoint"] == f"{lab.issuer}/token"
        assert discovery["jwks_uri"] == f"{lab.issuer}/jwks.json"


def test_a_port_that_is_taken_is_said_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("serve", "--issuer-port", port) as process:
            line = process.communicate(timeout=30)[0]
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use; give another port" in line
    assert "Traceback" not in line


def agreed(address: str, ca: str) -> str | None:
    """Return what a server chooses of HTTP/2 and HTTP/1.1, reached by the name localhost."""
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), 10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as wrapped,
    ):
        return wrapped.selected_alpn_protocol()
