"""The keys that a verifier trusts, each bound to one algorithm."""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from jwt.algorithms import Algorithm, HMACAlgorithm

_log = logging.getLogger(__name__)

_LEAST_RSA_BITS = 2048  # Source: RFC 7518, section 3.3.


@dataclass(frozen=True, eq=False)
class VerifyKey:
    """A public key with the one algorithm that it verifies."""

    algorithm: Algorithm
    key: Any = field(repr=False)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Return whether the signature is this key's."""
        return self.algorithm.verify(message, self.key, signature)


@dataclass(frozen=True, eq=False)
class KeySet:
    """Keys by key id and algorithm; two may share both. Equal only to itself: a key set is a version."""

    keys: Mapping[tuple[str, str], tuple[VerifyKey, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def from_jwks(cls, jwks: object, algorithms: Collection[str]) -> "KeySet":
        """Read a JWKS; keys for another use, of another algorithm or that cannot be read are left out.

        Raises ValueError where nothing is left. Source: RFC 7517, sections 4.2, 4.3 and 5.
        """
        listed = jwks.get("keys") if isinstance(jwks, dict) else None
        keys: dict[tuple[str, str], tuple[VerifyKey, ...]] = {}
        for jwk in listed if isinstance(listed, list) else []:
            if isinstance(jwk, dict) and _for_signatures(jwk) and (read := _read(jwk)):
                name, key = read
                if name[1] in algorithms:
                    keys[name] = (*keys.get(name, ()), key)
        if not keys:
            raise ValueError("the key set holds no usable key")
        return cls(keys)

    @classmethod
    def shared(cls, kid: str, secret: str) -> "KeySet":
        """Return the set of one HS256 secret that issuer and verifier share."""
        algorithm = HMACAlgorithm(HMACAlgorithm.SHA256)
        return cls({(kid, "HS256"): (VerifyKey(algorithm, algorithm.prepare_key(secret)),)})

    def find(self, kid: str, algorithm: str) -> tuple[VerifyKey, ...]:
        """Return the keys of that id for that algorithm."""
        return self.keys.get((kid, algorithm), ())

    def knows(self, kid: str) -> bool:
        """Return whether there is a key of that id, for whichever algorithm."""
        return any(known == kid for known, _ in self.keys)


def _for_signatures(jwk: dict[str, Any]) -> bool:
    operations = jwk.get("key_ops", ["verify"])
    return jwk.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _read(jwk: dict[str, Any]) -> tuple[tuple[str, str], VerifyKey] | None:
    """Return a key with its name; an ``oct`` key is a secret, and whoever publishes it has lost it."""
    kid = jwk.get("kid")
    if not isinstance(kid, str) or jwk.get("kty") not in {"EC", "RSA", "OKP"}:
        return None
    try:
        key = jwt.PyJWK(jwk)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        _log.warning("left out a key that cannot be read: %s", type(error).__name__)
        return None
    if key.key_type == "RSA" and key.key.key_size < _LEAST_RSA_BITS:
        return None
    return (kid, str(key.algorithm_name)), VerifyKey(key.Algorithm, key.key)
