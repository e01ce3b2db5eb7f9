from typing import Any

import jwt
import pytest

from harness.clock import ManualClock
from harness.lab.issuer.keys import SigningKey
from harness.lab.issuer.mint import Mint

NOW_S = 1_800_000_000.75


def a_mint(algorithm: str = "EdDSA") -> Mint:
    return Mint("http://issuer.test", "ledger", 30, ManualClock(NOW_S), SigningKey.generate(algorithm, 1))


def read(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_times_are_whole_seconds_rounded_down() -> None:
    claims = read(a_mint().mint("storm", "read"))
    assert (claims["iat"], claims["exp"]) == (1_800_000_000, 1_800_000_030)
    assert isinstance(claims["exp"], int)


def test_the_jti_tells_generation_and_serial() -> None:
    mint = a_mint()
    assert read(mint.mint("storm", ""))["jti"] == "1-1"
    assert mint.new_generation() == 1
    assert read(mint.mint("storm", ""))["jti"] == "2-2"


def test_a_shorter_life_changes_exp_and_not_what_clients_are_told() -> None:
    mint = a_mint()
    mint.minted_lifetime_s = 5
    assert read(mint.mint("storm", ""))["exp"] == 1_800_000_005
    assert mint.lifetime_s == 30


def test_a_rotation_keeps_the_old_key_published_only_with_overlap() -> None:
    mint = a_mint()
    first = mint.key.kid
    mint.rotate(SigningKey.generate("EdDSA", 2), overlap=True)
    assert [key["kid"] for key in mint.jwks()["keys"]] == [mint.key.kid, first]
    mint.rotate(SigningKey.generate("EdDSA", 3), overlap=False)
    assert [key["kid"] for key in mint.jwks()["keys"]] == [mint.key.kid]


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_published_key_is_the_public_half(algorithm: str) -> None:
    (key,) = a_mint(algorithm).jwks()["keys"]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()


def test_a_shared_secret_is_never_published() -> None:
    mint = a_mint()
    mint.key = SigningKey.shared("hs", "s" * 48)
    assert mint.jwks() == {"keys": []}
    assert "ssss" not in repr(mint)
