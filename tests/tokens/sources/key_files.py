"""Key files as a user would have them."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm

from harness.lab.issuer.keys import IssuerKey

KEYS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "RS256": rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}


def pem(folder: Path, algorithm: str = "ES256", passphrase: bytes = b"") -> Path:
    path = folder / f"{algorithm}.pem"
    closing = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closing)
    path.write_bytes(KEYS[algorithm].private_bytes(*form))
    return path


def public_pem(folder: Path) -> Path:
    path = folder / "public.pem"
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    path.write_bytes(KEYS["ES256"].public_key().public_bytes(*form))
    return path


def jwk(folder: Path, *, private: bool = True, **extra: Any) -> Path:
    path = folder / "key.jwk"
    key = KEYS["ES256"] if private else KEYS["ES256"].public_key()
    path.write_text(json.dumps({**ECAlgorithm.to_jwk(key, as_dict=True), **extra}))
    return path


def published(algorithm: str = "ES256") -> dict[str, Any]:
    found = IssuerKey("k7", algorithm, KEYS[algorithm]).public_jwk()
    assert found
    return found
