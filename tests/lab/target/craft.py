"""Tokens made by hand, good ones and ones no library would sign."""

import base64
import json
from functools import cache
from typing import Any

from harness.lab.issuer.keys import IssuerKey
from harness.lab.target.key_set import KeySet
from harness.lab.target.verifier import VerifierSettings

NOW_S = 1_800_000_000.0
ISSUER = "http://issuer.test"
AUDIENCE = "ledger"
SETTINGS = VerifierSettings(ISSUER, AUDIENCE)


def key(algorithm: str = "ES256", serial: int = 1) -> IssuerKey:
    return _made(algorithm, serial)


_made = cache(IssuerKey.generate)


def keys(algorithm: str = "ES256") -> KeySet:
    return _published(algorithm)


@cache
def _published(algorithm: str) -> KeySet:
    return KeySet.from_jwks({"keys": [key(algorithm).public_jwk()]}, {"ES256", "RS256", "PS256", "EdDSA"})


def claims(**changes: Any) -> dict[str, Any]:
    good = {"iss": ISSUER, "sub": "storm", "aud": AUDIENCE, "iat": NOW_S - 10, "exp": NOW_S + 60, "jti": "3-1"}
    return {name: value for name, value in (good | changes).items() if value is not ...}


def segment(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(payload: Any = None, header: Any = None, signer: IssuerKey | None = None) -> str:
    """Sign a payload and a header; bytes are taken as they are, objects as JSON; ``...`` leaves a member out."""
    signer = signer or key()
    usual = {"alg": signer.algorithm, "kid": signer.kid, "typ": "at+jwt"}
    if not isinstance(header, bytes):
        header = {name: value for name, value in (usual | (header or {})).items() if value is not ...}
    payload = claims() if payload is None else payload
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    message = ".".join(segment(part) for part in parts)
    return f"{message}.{segment(sign(signer, message.encode()))}"


def sign(signer: IssuerKey, message: bytes) -> bytes:
    from jwt.algorithms import get_default_algorithms

    algorithm = get_default_algorithms()[signer.algorithm]
    return algorithm.sign(message, algorithm.prepare_key(signer.private))
