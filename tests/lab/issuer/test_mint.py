from typing import Any

import jwt
import pytest

from harness.clock import ManualClock
from harness.lab.issuer.key_ring import KeyRing
from harness.lab.issuer.keys import IssuerKey
from harness.lab.issuer.mint import Mint

NOW_S = 1_800_000_000.75


def a_mint(algorithm: str = "EdDSA") -> Mint:
    return Mint("http://issuer.test", "ledger", 30, ManualClock(NOW_S), KeyRing(IssuerKey.generate(algorithm, 1)))


def read(mint: Mint) -> dict[str, Any]:
    token = mint.sign(mint.claims("storm", "read"))
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_times_are_whole_seconds_rounded_down() -> None:
    claims = read(a_mint())
    assert (claims["iat"], claims["exp"]) == (1_800_000_000, 1_800_000_030)
    assert isinstance(claims["exp"], int)


def test_the_jti_tells_generation_and_serial() -> None:
    mint = a_mint()
    assert read(mint)["jti"] == "1-1"
    assert mint.new_generation() == 1
    assert read(mint)["jti"] == "2-2"


@pytest.mark.parametrize("algorithm", ["ES256", "RS256", "EdDSA"])
def test_a_published_key_is_the_public_half(algorithm: str) -> None:
    (key,) = a_mint(algorithm).ring.jwks()["keys"]
    assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys()


def test_a_shared_secret_is_never_published() -> None:
    mint = a_mint()
    mint.ring = KeyRing(IssuerKey.shared("hs", "s" * 48))
    assert mint.ring.jwks() == {"keys": []}
    assert "ssss" not in repr(mint)
