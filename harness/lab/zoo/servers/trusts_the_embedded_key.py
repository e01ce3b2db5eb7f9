"""Verifies with the key that came in the token's header."""

from collections.abc import Sequence

import jwt

from harness.lab.target.assembly import Assembly
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.steps import Header
from harness.lab.zoo.seams import put_steps

FINDS = ("HEAD-01",)


def change(target: Assembly) -> None:
    """Prefer the header's key."""
    right = target.steps

    def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
        if not isinstance(header.get("jwk"), dict):
            return right.find_keys(keys, header, kid, algorithm)
        key = jwt.PyJWK(header["jwk"])
        return [VerifyKey(key.Algorithm, key.key)]

    put_steps(target, find_keys=find_keys)
