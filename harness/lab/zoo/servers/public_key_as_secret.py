"""Verifies HS256 with the public key's PEM as the secret."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness.lab.target.assembly import Assembly
from harness.lab.zoo.shared_secret import hmac_by

FINDS = ("SIGN-09",)


def change(target: Assembly) -> None:
    """Answer HS256 with the text of a public key."""

    def secret(key: Any) -> bytes:
        return bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    hmac_by(target, lambda keys: [secret(one.key) for found in keys.keys.values() for one in found])
