"""Signing keys of the issuer."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

_RSA_BITS = 2048

_MAKERS: Mapping[str, tuple[Callable[[], Any], Any]] = {
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "RS256": (lambda: rsa.generate_private_key(65537, _RSA_BITS), RSAAlgorithm),
    "PS256": (lambda: rsa.generate_private_key(65537, _RSA_BITS), RSAPSSAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}


@dataclass(frozen=True)
class IssuerKey:
    """A key that signs; its repr shows the key id only."""

    kid: str
    algorithm: str
    private: Any = field(repr=False)

    @classmethod
    def generate(cls, algorithm: str, serial: int) -> "IssuerKey":
        """Make a new asymmetric key; RS256 and PS256 take a tenth of a second and more."""
        make, _ = _MAKERS[algorithm]
        return cls(f"{algorithm.lower()}-{serial}-{secrets.token_hex(4)}", algorithm, make())

    @classmethod
    def given(cls, algorithm: str, kid: str, pem: str) -> "IssuerKey":
        """Return an asymmetric key that somebody else made."""
        return cls(kid, algorithm, load_pem_private_key(pem.encode(), password=None))

    def pem(self) -> str:
        """Return the private key itself, for whoever may have it."""
        form = Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        return str(self.private.private_bytes(*form).decode())

    @classmethod
    def shared(cls, kid: str, secret: str) -> "IssuerKey":
        """Return the HS256 key that issuer and target share; it is never published."""
        return cls(kid, "HS256", secret.encode())

    def sign(self, claims: dict[str, Any]) -> str:
        """Return a token. Source of ``at+jwt``: RFC 9068, section 2.1."""
        return jwt.encode(claims, self.private, self.algorithm, headers={"kid": self.kid, "typ": "at+jwt"})

    def public_jwk(self) -> dict[str, Any] | None:
        """Return the key as a JWKS publishes it, or None for a shared secret."""
        if self.algorithm not in _MAKERS:
            return None
        _, algorithm = _MAKERS[self.algorithm]
        jwk = algorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "alg": self.algorithm, "use": "sig", "key_ops": ["verify"]}
