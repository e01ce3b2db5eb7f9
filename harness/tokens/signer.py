"""Signing keys, with cryptography alone: PyJWT verifies in the lab, and must not judge its own work."""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils

from harness.tokens.base64url import encode

_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # Source: FIPS 186-4, D.1.2.3.


@dataclass(frozen=True)
class Signer:
    """A key that signs; its repr shows the key id only. ``key`` is a private key, or a secret's bytes."""

    kid: str
    algorithm: str
    key: Any = field(repr=False)

    @classmethod
    def generate(cls, algorithm: str, kid: str, seed: int = 1) -> "Signer":
        """Return the key of a name: the same for the same seed, but for RSA, which is random per process."""
        family = "RS256" if algorithm == "PS256" else algorithm
        return cls(kid, algorithm, _private(family, f"{kid.rpartition('-')[0]}/{seed}"))

    def sign(self, message: bytes, algorithm: str = "") -> bytes:
        """Return the signature of a message, by another algorithm of the key where one is named.

        The same each time, but for PSS, whose salt is random.
        """
        return _sign(self.key, algorithm or self.algorithm, message)

    def named(self, kid: str) -> "Signer":
        """Return the same key under another id."""
        return replace(self, kid=kid)

    def jwk(self, **changes: Any) -> dict[str, Any]:
        """Return the public key as a JWKS publishes it. Source: RFC 7517; RFC 7518, section 6; RFC 8037."""
        numbers = _public_numbers(self.key.public_key())
        return {"kid": self.kid, "alg": self.algorithm, "use": "sig", **numbers, **changes}

    def public_bytes(self, *, pem: bool) -> bytes:
        """Return the public key as SubjectPublicKeyInfo, in PEM or DER."""
        encoding = serialization.Encoding.PEM if pem else serialization.Encoding.DER
        public: bytes = self.key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)
        return public


@cache
def _private(family: str, name: str) -> Any:
    digest = hashlib.sha256(f"jwtstorm/{family}/{name}".encode()).digest()
    if family == "ES256":
        return ec.derive_private_key(int.from_bytes(digest) % (_P256_ORDER - 1) + 1, ec.SECP256R1())
    if family == "EdDSA":
        return ed25519.Ed25519PrivateKey.from_private_bytes(digest)
    return rsa.generate_private_key(65537, 2048) if family == "RS256" else digest.hex().encode()


def _sign(key: Any, algorithm: str, message: bytes) -> bytes:
    if algorithm == "EdDSA":
        return bytes(key.sign(message))
    kind, bits = algorithm[:2], algorithm[2:]
    if kind == "HS":
        secret = key if isinstance(key, bytes) else b""
        return hmac.digest(secret, message, f"sha{bits}")
    digest = _HASHES[bits]
    if kind == "ES":
        # Deterministic, so that a seed gives the same token again. Source: RFC 6979.
        return raw_ecdsa(key.sign(message, ec.ECDSA(digest, deterministic_signing=True)))
    pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
    return bytes(key.sign(message, pss if kind == "PS" else padding.PKCS1v15(), digest))


def raw_ecdsa(der: bytes) -> bytes:
    """Return R and S of a P-256 signature, 32 bytes each. Source: RFC 7518, section 3.4."""
    r, s = utils.decode_dss_signature(der)
    return r.to_bytes(32) + s.to_bytes(32)


def high_s(raw: bytes) -> bytes:
    """Return the other S that verifies as well."""
    return raw[:32] + (_P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)


def out_of_range_ecdsa() -> dict[str, bytes]:
    """Return signatures whose R or S is no number from 1 to the order less 1."""
    order, one, nought = _P256_ORDER.to_bytes(32), (1).to_bytes(32), bytes(32)
    return {"r=s=0": nought + nought, "r=s=N": order + order, "r=1, s=0": one + nought}


def _public_numbers(public: Any) -> dict[str, str]:
    if isinstance(public, rsa.RSAPublicKey):
        number = public.public_numbers()
        return {"kty": "RSA", "n": encode(number.n.to_bytes(256)), "e": encode(number.e.to_bytes(3))}
    if isinstance(public, ec.EllipticCurvePublicKey):
        point = public.public_numbers()
        return {"kty": "EC", "crv": "P-256", "x": encode(point.x.to_bytes(32)), "y": encode(point.y.to_bytes(32))}
    return {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
