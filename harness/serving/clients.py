"""The OAuth clients of a served lab, as the command line names them; no secret stands there."""

import json
import re
import secrets
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from harness.errors import UsageError
from harness.foreign_files import NotTextError, read_bytes, text_of
from harness.lab.plan import ClientCredential
from harness.placeholders import Language

_SECRET = re.compile(r"\{\{\s*(?P<kind>env|file)\s+(?P<name>[^{}]*?)\s*\}\}")
_KEY_TYPES: Mapping[str, Any] = {"RSA": RSAAlgorithm, "EC": ECAlgorithm, "OKP": OKPAlgorithm}
_PUBLIC = "give its public key: openssl pkey -in key.pem -pubout"


@dataclass(frozen=True)
class ServedClient:
    """A client; ``shown`` is its secret as a shell reads it where it was given, and the secret itself where not.

    It is empty for a client that signs assertions.
    """

    credential: ClientCredential
    shown: str = ""

    @property
    def client_id(self) -> str:
        """Return its id."""
        return self.credential.client_id


def served_clients(named: Sequence[str], keys: Sequence[str]) -> tuple[ServedClient, ...]:
    """Return the clients of ``--client`` and ``--client-key``; one called ``storm`` where none is named.

    Raises `UsageError`.
    """
    found: dict[str, ServedClient] = {}
    for text in named or ([] if keys else ["storm"]):
        client = _by_secret(text)
        if client.client_id in found:
            raise UsageError(f"--client {client.client_id} is given twice; name each client once")
        found[client.client_id] = client
    for text in keys:
        client_id, _, path = text.partition("=")
        if not client_id or not path:
            raise UsageError(f"--client-key {text!r} is not ID=FILE, such as batch=public.pem")
        known = found.get(client_id, ServedClient(ClientCredential(client_id)))
        credential = ClientCredential(client_id, known.credential.secret, public_keys(Path(path)))
        found[client_id] = ServedClient(credential, known.shown)
    return tuple(found.values())


def _by_secret(text: str) -> ServedClient:
    client_id, equals, secret = text.partition("=")
    if not client_id:
        raise UsageError(f"--client {text!r} has no id; give ID, or ID={{{{env NAME}}}}")
    if not equals:
        made = secrets.token_urlsafe(24)
        return ServedClient(ClientCredential(client_id, made), made)
    named = _SECRET.fullmatch(secret)
    if named is None:
        raise UsageError(
            f"--client {client_id}=…: every process can read a secret there; give {client_id}={{{{env NAME}}}} or "
            f"{client_id}={{{{file PATH}}}}"
        )
    value = str(Language({}).compile(secret, f"--client {client_id}").fill(None))
    if not value:
        raise UsageError(f"--client {client_id}: its secret is empty; put one into {named['name']}")
    shown = f"${{{named['name']}}}" if named["kind"] == "env" else f"$(cat {shlex.quote(named['name'])})"
    return ServedClient(ClientCredential(client_id, value), shown)


def public_keys(path: Path) -> tuple[dict[str, Any], ...]:
    """Return the public keys in a file, as JWK: PEM, a certificate, a JWK or a JWKS; raises `UsageError`."""
    try:
        text = text_of(read_bytes(path, 1_000_000)).strip()
        listed = _in_json(text) if text[:1] in ("{", "[") else [_in_pem(text)]
        keys = tuple(_public_part(key) for key in listed)
    except OSError as error:
        raise UsageError(
            f"--client-key {path} cannot be read: {error.strerror}; name a file of its public key"
        ) from error
    except (NotTextError, ValueError, TypeError, KeyError, jwt.PyJWTError) as error:
        raise UsageError(f"--client-key {path} holds no public key; {_PUBLIC}") from error
    if not keys:
        raise UsageError(f"--client-key {path} holds no public key; {_PUBLIC}")
    return keys


def _in_json(text: str) -> list[dict[str, Any]]:
    value = json.loads(text)
    listed = value["keys"] if isinstance(value, dict) and "keys" in value else value
    return list(listed) if isinstance(listed, list) else [listed]


def _in_pem(text: str) -> dict[str, Any]:
    data = text.encode()
    certified = "BEGIN CERTIFICATE" in text
    key = x509.load_pem_x509_certificate(data).public_key() if certified else load_pem_public_key(data)
    for algorithm in _KEY_TYPES.values():
        try:
            return dict(algorithm.to_jwk(key, as_dict=True))
        except (jwt.PyJWTError, AttributeError, TypeError):
            continue
    raise ValueError("a key of another kind")


def _public_part(key: dict[str, Any]) -> dict[str, Any]:
    """Return a JWK without its private members; what is no key pair raises ValueError."""
    if key.get("kty") not in _KEY_TYPES:
        raise ValueError("no key pair")
    public: dict[str, Any] = {
        name: key[name] for name in ("kty", "crv", "x", "y", "n", "e", "alg", "kid") if name in key
    }
    jwt.PyJWK(public)
    return public
