"""Private keys in files, in any of the forms of `harness.tokens.keys`, or (for HS256 and its kin) a secret."""

import codecs
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import UsageError
from harness.foreign_files import read_bytes
from harness.tokens.keys import NoKeyError, find_key
from harness.tokens.sources import findings

_MOST_BYTES = 1_000_000
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
    """Return the key in a file; the algorithm that suits it where none is given, and its own id where it has one.

    Raises `UsageError`, which says what the file holds and never quotes it.
    """
    try:
        data = read_bytes(path, _MOST_BYTES)
    except OSError as error:
        raise UsageError(f"key {path}: {error.strerror}; give the path of a PEM or JWK file") from error
    try:
        key = _found(data, algorithm, key_id)
    except NoKeyError as error:
        raise UsageError(f"key {path} {error}") from None
    _try(path, key)
    return key


def _found(data: bytes, algorithm: str, key_id: str) -> PrivateKey:
    if algorithm.startswith("HS") and not data.lstrip().startswith(b"{"):
        return PrivateKey(algorithm, key_id, _secret(data))
    found = find_key(data, algorithm, key_id)
    fits = algorithm or found.algorithm or suited(found.secret)
    if not fits:
        kind = type(found.secret).__name__.lstrip("_").removesuffix("PrivateKey")
        raise NoKeyError(f"is a {kind} key, which signs no JWT; give an RSA, EC or Ed25519 key")
    return PrivateKey(fits, key_id or found.key_id, found.secret)


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


def _secret(data: bytes) -> bytes:
    """Return a shared secret: an editor's newline or mark around its file's text is no part of it."""
    secret = data.removeprefix(codecs.BOM_UTF8).rstrip(b"\r\n")
    if not secret:
        raise NoKeyError("is empty; write the secret into it")
    return secret


def _try(path: Path, key: PrivateKey) -> None:
    """Sign once, for a key that does not fit its algorithm is known by that alone."""
    import jwt

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)  # a short secret does sign
            key.sign({})
    except Exception as error:  # noqa: BLE001 - cryptography and PyJWT raise a dozen kinds
        fits = suited(key.secret)
        way_out = (
            f"it fits {fits}" if fits and fits != key.algorithm else "give the key that does, or another algorithm"
        )
        kind = type(error).__name__
        raise UsageError(f"key {path} does not fit algorithm {key.algorithm or 'any'} ({kind}); {way_out}") from None
