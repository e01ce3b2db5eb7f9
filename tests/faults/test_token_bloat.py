import pytest

from harness.clock import ManualClock
from harness.faults import TokenBloat
from harness.faults.in_issuer import Minting
from harness.lab.issuer.key_ring import KeyRing
from harness.lab.issuer.keys import IssuerKey
from harness.lab.issuer.mint import Mint

MINT = Mint("http://issuer.test", "ledger", 30, ManualClock(1_800_000_000.75), KeyRing(IssuerKey.generate("EdDSA", 1)))
MINTING = Minting(MINT.claims("storm", "read"), "", MINT.sign)


@pytest.mark.parametrize("size_bytes", [1000, 4096, 8193, 20_000])
def test_padding_makes_a_token_as_large_as_asked(size_bytes: int) -> None:
    assert abs(len(TokenBloat(size_bytes).on_mint(MINTING)) - size_bytes) <= 4


def test_a_token_that_is_larger_already_is_not_padded() -> None:
    assert TokenBloat(10).on_mint(MINTING) == MINT.sign(MINTING.claims)
