"""Sources against an issuer that is not ours, in another language: oidc-provider, on Node."""

import json
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from harness.errors import TokenError, UsageError
from harness.lab.issuer.keys import IssuerKey
from harness.tokens.sources.client_auth import ClientAuth, ClientSecret, PrivateKeyJwt
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.tokens.sources.refresh_token import RefreshToken
from harness.tokens.token import Token
from tests.tokens.sources.fake_issuer import refusal
from tests.tokens.sources.key_files import pem, published

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "build/oidc-provider/node_modules/oidc-provider/lib/index.js"
LEDGER = {"resource": "urn:ledger"}
NODE = shutil.which("node")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(not (NODE and MODULE.exists()), reason="no oidc-provider: run .ci/oidc-provider (needs npm)"),
]


@dataclass(frozen=True)
class Foreign:
    url: str
    refresh_token: str = field(repr=False)
    key: IssuerKey


@pytest.fixture
def foreign(monkeypatch: pytest.MonkeyPatch) -> Iterator[Foreign]:
    secret = secrets.token_urlsafe(32)
    key = IssuerKey("op1", "ES256", ec.generate_private_key(ec.SECP256R1()))
    signing = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(key.private))
    signing |= {"kid": key.kid, "use": "sig", "alg": "ES256"}
    settings = {"module": str(MODULE), "secret": secret, "jwk": published(), "signing": signing}
    script = Path(__file__).with_name("oidc_provider.mjs")
    command = [str(NODE), str(script)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdin
            assert process.stdout
            process.stdin.write(json.dumps(settings))
            process.stdin.close()
            ready = json.loads(next(line for line in process.stdout if line.startswith("{")))
            monkeypatch.setenv("CLIENT_SECRET", secret)
            monkeypatch.setenv("REFRESH_TOKEN", ready["refreshToken"])
            yield Foreign(ready["issuer"], ready["refreshToken"], key)
        finally:
            process.kill()


def fetched(settings: ClientCredentials | RefreshToken) -> str:
    source = settings.open()
    try:
        return source.fetch()
    finally:
        source.endpoint.close()


def test_every_proof_of_a_client_gets_a_token_that_verifies(foreign: Foreign, tmp_path: Path) -> None:
    key = PrivateKeyJwt(pem(tmp_path), key_id="k7")
    proofs: dict[str, ClientAuth] = {"basic": ClientSecret(), "post": ClientSecret("post"), "key": key}
    for name, auth in proofs.items():
        settings = ClientCredentials(
            issuer_url=foreign.url, client_id=name, auth=auth, scope="ledger.read", extra=LEDGER
        )
        claims = jwt.decode(fetched(settings), foreign.key.private.public_key(), ["ES256"], audience="ledger")
        assert (claims["iss"], claims["client_id"], claims["scope"]) == (foreign.url, name, "ledger.read")


def test_without_a_resource_its_tokens_are_opaque_and_the_way_out_is_said(foreign: Foreign) -> None:
    text = fetched(ClientCredentials(issuer_url=foreign.url, client_id="basic"))
    with pytest.raises(TokenError, match=r"is opaque, no JWT; .*audience= or a resource"):
        Token.parse(text, 0.0)


@pytest.mark.parametrize("client", ["expired", "nobody"])
def test_a_client_that_it_does_not_take_is_named(foreign: Foreign, client: str) -> None:
    error = refusal(lambda: fetched(ClientCredentials(issuer_url=foreign.url, client_id=client, extra=LEDGER)))
    assert error.cause == "BAD_CLIENT"
    assert "invalid_client: the client's id, secret or key is wrong or expired" in str(error)


def test_wrong_addresses_are_named(foreign: Foreign) -> None:
    with pytest.raises(UsageError, match="has no discovery document"):
        ClientCredentials(issuer_url=f"{foreign.url}/x", client_id="basic").open()
    error = refusal(lambda: fetched(ClientCredentials(foreign.url, "basic")))
    assert "404: nothing is at this path" in str(error)


def test_its_rotation_is_followed_and_reuse_ends_the_grant(foreign: Foreign) -> None:
    settings = RefreshToken(issuer_url=foreign.url, client_id="refresher")
    source = settings.open()
    assert len({source.fetch() for _ in range(3)}) == 3
    assert source.rotations == 3
    assert "used up by rotation" in str(refusal(lambda: fetched(settings)))
    assert "somebody reused one of its line" in str(refusal(source.fetch))
    source.endpoint.close()
