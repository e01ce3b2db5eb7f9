from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.lab.issuer.keys import IssuerKey
from harness.lab.target.key_set import KeySet
from harness.lab.target.verifier import verify
from harness.results.row import Cause
from tests.lab.target.craft import NOW_S, SETTINGS, key, token

ALL = ("ES256", "RS256", "EdDSA")
GOOD: dict[str, Any] = key().public_jwk() or {}


def test_a_key_that_cannot_be_read_does_not_spoil_the_others() -> None:
    broken = [{}, 7, None, {"kty": "EC"}, GOOD | {"x": "!"}, {"kty": "EC", "kid": "x", "crv": "P-999"}]
    trusted = KeySet.from_jwks({"keys": [*broken, GOOD]}, ALL)
    assert list(trusted.keys) == [(key().kid, "ES256")]


@pytest.mark.parametrize(
    "jwks",
    [
        None,
        [],
        {},
        {"keys": {}},
        {"keys": []},
        {"keys": [GOOD | {"use": "enc"}]},
        {"keys": [GOOD | {"key_ops": ["sign"]}]},
        {"keys": [{name: value for name, value in GOOD.items() if name != "kid"}]},
        {"keys": [{"kty": "oct", "kid": "x", "k": "c2VjcmV0", "alg": "HS256"}]},
        {"keys": [key("RS256").public_jwk()]},
    ],
    ids=range(10),
)
def test_a_set_without_a_usable_key_is_refused(jwks: object) -> None:
    with pytest.raises(ValueError, match="no usable key"):
        KeySet.from_jwks(jwks, ("ES256",))


def test_a_short_rsa_key_is_left_out() -> None:
    short = IssuerKey("short", "RS256", rsa.generate_private_key(65537, 1024))  # noqa: S505 - that is the point
    with pytest.raises(ValueError, match="no usable key"):
        KeySet.from_jwks({"keys": [short.public_jwk()]}, ALL)


def test_two_keys_may_share_an_id() -> None:
    ec, rs, other = (replace(made, kid="same") for made in (key(), key("RS256"), key(serial=2)))
    trusted = KeySet.from_jwks({"keys": [one.public_jwk() for one in (ec, rs, other)]}, ALL)
    for signer in (ec, rs, other):
        assert verify(token(signer=signer), trusted, SETTINGS, NOW_S).cause is Cause.OK
    stranger = replace(key(serial=3), kid="same")
    assert verify(token(signer=stranger), trusted, SETTINGS, NOW_S).cause is Cause.BAD_SIGNATURE
