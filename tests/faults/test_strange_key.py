import asyncio
from typing import Any

import pytest

from harness.faults import StrangeKey
from harness.faults.strange_key import KINDS
from harness.lab.issuer.keys import IssuerKey
from harness.lab.target.key_set import KeySet
from tests.faults.examples import Example

EXAMPLES = (
    Example(StrangeKey("for encryption", first=False), wrong=(("kind", "odd"), ("first", "yes"))),
    Example(StrangeKey("same id")),
)
GOOD = [IssuerKey.generate(algorithm, 1).public_jwk() for algorithm in ("ES256", "EdDSA")]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_a_right_verifier_keeps_the_good_keys_and_no_other(kind: str, first: bool) -> None:
    published: Any = asyncio.run(StrangeKey(kind, first).on_keys({"keys": GOOD}))
    assert [jwk for jwk in published["keys"] if jwk in GOOD] == GOOD
    assert len(published["keys"]) == len(GOOD) + 1
    assert (published["keys"][0] in GOOD) is not first
    found, alone = (KeySet.from_jwks(jwks, {"ES256", "EdDSA"}) for jwks in (published, {"keys": GOOD}))
    assert set(found.keys) == set(alone.keys)


def test_each_kind_is_what_its_name_says() -> None:
    assert {name for name, jwk in KINDS.items() if jwk["use"] == "enc"} == {"for encryption", "same id"}
    (alone,) = asyncio.run(StrangeKey("without id").on_keys({"keys": []}))["keys"]
    assert "kid" not in alone
    first, _ = asyncio.run(StrangeKey("same id").on_keys({"keys": GOOD[:1]}))["keys"]
    assert first["kid"] == (GOOD[0] or {})["kid"]
