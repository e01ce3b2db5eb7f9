"""Private keys in files: PEM, a JWK, or (for HS256 and its kin) a secret."""

import json
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.tokens.sources import findings

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512", "secp256k1": "ES256K"}


@dataclass(frozen=True)
class PrivateKey:
    """A key that signs; its repr shows neither it nor its file's contents."""

    algorithm: str
    key_id: str
    secret: Any = field(repr=False)

    def sign(self, claims: dict[str, Any], typ: str = "JWT") -> str:
        """Return a compact JWT."""
        import jwt

        headers = {"typ": typ, **({"kid": self.key_id} if self.key_id else {})}
        return jwt.encode(claims, self.secret, self.algorithm, headers=headers)


def mistakes(what: str, path: Any, algorithm: Any) -> list[str]:
    """Return what is wrong with a key's path or algorithm, or with the key in it, one sentence each."""
    found = findings.path(what, path=path) + findings.text(what, algorithm=algorithm)
    if found:
        return found
    try:
        read(Path(path), algorithm)
    except UsageError as error:
        return [f"{what}: {error}"]
    return []


def read(path: Path, algorithm: str = "", key_id: str = "") -> PrivateKey:
    """Return the key in a file; the algorithm that suits it where none is given, and a JWK's own id.

    Raises `UsageError`, which says what the file holds and never quotes it.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"key {path}: {error.strerror}; give the path of a PEM or JWK file") from error
    if algorithm.startswith("HS") and not data.lstrip().startswith(b"{"):
        key = PrivateKey(algorithm, key_id, _secret(path, data))
    elif data.lstrip().startswith(b"{"):
        key = _from_jwk(path, data, algorithm, key_id)
    else:
        secret = _from_pem(path, data)
        key = PrivateKey(algorithm or suited(secret), key_id, secret)
    _try(path, key)
    return key


def suited(secret: Any) -> str:
    """Return the algorithm that a private key suits best, or "" where none is known."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

    if isinstance(secret, ec.EllipticCurvePrivateKey):
        return _CURVES.get(secret.curve.name, "")
    if isinstance(secret, rsa.RSAPrivateKey):
        return "RS256"
    if isinstance(secret, ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey):
        return "EdDSA"
    return "HS256" if isinstance(secret, bytes) else ""


def _secret(path: Path, data: bytes) -> bytes:
    """Return a shared secret: an editor's newline at the end of its file is no part of it."""
    secret = data.rstrip(b"\r\n")
    if not secret:
        raise UsageError(f"key {path} is empty; write the secret into it")
    return secret


def _from_pem(path: Path, data: bytes) -> Any:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if b"PUBLIC KEY-----" in data or b"BEGIN CERTIFICATE" in data:
        raise UsageError(f"key {path} holds a public key or certificate, which cannot sign; give the private key")
    try:
        return load_pem_private_key(data, None)
    except TypeError:
        raise UsageError(f"key {path} is encrypted; give it decrypted (openssl pkey -in … -out …)") from None
    except Exception as error:  # noqa: BLE001 - the library's errors are many, and some quote what they read
        kind = type(error).__name__
        text = f"key {path} is neither a PEM private key nor a JWK ({kind}); give one, or algorithm HS256 for a secret"
        raise UsageError(text) from None


def _from_jwk(path: Path, data: bytes, algorithm: str, key_id: str) -> PrivateKey:
    import jwt

    try:
        fields = json.loads(data)
    except ValueError:
        raise UsageError(f"key {path} begins like a JWK and is no JSON; give a JWK or a PEM file") from None
    if "keys" in fields:
        keys = fields["keys"] if isinstance(fields["keys"], list) else []
        if len(keys) != 1 or not isinstance(keys[0], dict):
            raise UsageError(f"key {path} is a set of {len(keys)} keys; give a file with the one that signs")
        fields = keys[0]
    if "kty" not in fields:
        raise UsageError(f"key {path} is JSON without a kty, so no JWK; give a JWK or a PEM file")
    if not {"d", "k"} & fields.keys():
        raise UsageError(f"key {path} is a public JWK, which cannot sign; give the private key")
    try:
        jwk = jwt.PyJWK(fields, algorithm or None)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
        what = f"with {algorithm} ({type(error).__name__})" if algorithm else f"({type(error).__name__})"
        raise UsageError(f"key {path} is a JWK that cannot be used {what}; give another") from None
    return PrivateKey(jwk.algorithm_name, key_id or str(jwk.key_id or ""), jwk.key)


def _try(path: Path, key: PrivateKey) -> None:
    """Sign once, for a key that does not fit its algorithm is known by that alone."""
    import jwt

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)  # a short secret does sign
            key.sign({})
    except Exception as error:  # noqa: BLE001 - cryptography and PyJWT raise a dozen kinds
        fits = suited(key.secret)
        way_out = f"; it fits {fits}" if fits and fits != key.algorithm else ""
        kind = type(error).__name__
        raise UsageError(f"key {path} does not fit algorithm {key.algorithm or 'any'} ({kind}){way_out}") from None
