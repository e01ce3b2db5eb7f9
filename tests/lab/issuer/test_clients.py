"""Assertions: who signs one with a registered key is that client, once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from harness import clock
from harness.lab.issuer.clients import ASSERTION_TYPE, ClientBook, RegisteredClient
from harness.lab.issuer.refusal import Refusal
from harness.tokens.sources.client_auth import PrivateKeyJwt
from tests.endpoint.certificates import private_pem

NOW_S = 1_700_000_000.0
ISSUER = "https://issuer.test"
KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
CLAIMS = {"iss": "batch", "sub": "batch", "aud": ISSUER, "jti": "1", "exp": NOW_S + 60}


def book() -> ClientBook:
    keys = [ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True), RSAAlgorithm.to_jwk(RSA_KEY.public_key(), as_dict=True)]
    batch = RegisteredClient.from_json({"client_id": "batch", "secret": "", "keys": keys})
    return ClientBook([batch, replace(batch, client_id="other", keys=())], lambda: NOW_S, lambda: (ISSUER, "old"))


def form(claims: dict[str, Any], key: Any = KEY, algorithm: str = "ES256") -> dict[str, str]:
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": jwt.encode(claims, key, algorithm)}


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
def test_an_rsa_key_signs_by_either_padding(algorithm: str) -> None:
    assert book().authenticate(None, form(CLAIMS, RSA_KEY, algorithm)) == "batch"


def test_an_assertion_is_taken_once() -> None:
    clients = book()
    assert clients.authenticate(None, form(CLAIMS)) == "batch"
    with pytest.raises(Refusal, match="used before"):
        clients.authenticate(None, form(CLAIMS))
    assert clients.authenticate(None, form({**CLAIMS, "jti": "2"})) == "batch"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"aud": "https://elsewhere.test"}, f"aud must be {ISSUER}"),
        ({"exp": NOW_S - 1}, "has expired"),
        ({"exp": NOW_S + 7200}, "lives above an hour"),
        ({"exp": None}, "has no exp"),
        ({"iss": "other"}, "iss and sub"),
        ({"sub": "other"}, "signed by no key of that client"),
        ({"sub": "nobody"}, "signed by no key of that client"),
        ({"jti": ""}, "has no jti"),
    ],
)
def test_a_wrong_assertion_is_refused_with_what_is_wrong(change: dict[str, Any], said: str) -> None:
    claims = {name: value for name, value in {**CLAIMS, **change}.items() if value is not None}
    with pytest.raises(Refusal, match=said) as refusal:
        book().authenticate(None, form(claims))
    assert (refusal.value.error, refusal.value.status) == ("invalid_client", 401)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: form(CLAIMS, ec.generate_private_key(ec.SECP256R1()))["client_assertion"],
        lambda text: jwt.encode(CLAIMS, "", "none"),
        lambda text: text[:-20],
        lambda text: "",
        lambda text: "a.b.c",
    ],
)
def test_an_assertion_of_another_key_or_of_none_is_refused(spoil: Callable[[str], str]) -> None:
    good = form(CLAIMS)
    with pytest.raises(Refusal):
        book().authenticate(None, {**good, "client_assertion": spoil(good["client_assertion"])})


def test_what_our_own_source_signs_is_taken(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_bytes(private_pem(KEY))
    signing = PrivateKeyJwt(tmp_path / "key.pem", audience=ISSUER)
    keys = [ECAlgorithm.to_jwk(KEY.public_key(), as_dict=True)]
    batch = RegisteredClient.from_json({"client_id": "batch", "secret": "", "keys": keys})
    clients = ClientBook([batch], clock.wall, lambda: (ISSUER,))
    assert clients.authenticate(None, signing.open("batch", "")().fields) == "batch"
    assert clients.methods() == ["client_secret_basic", "client_secret_post", "private_key_jwt"]
