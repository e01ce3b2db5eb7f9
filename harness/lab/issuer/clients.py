"""The clients that the issuer knows, and how a token request proves which one it comes from.

Sources: RFC 6749, section 2.3.1 (secrets, as HTTP Basic or in the form); RFC 7523, sections 2.2 and 3, as updated by
RFC 10070 (assertions signed with the client's private key).
"""

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import unquote_plus

import jwt
from jwt.types import Options

from harness.lab.issuer.refusal import Refusal

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS = ("client_secret_basic", "client_secret_post", "private_key_jwt")
"""Ways to authenticate, by the names of OpenID Connect Discovery."""
_LONGEST_S = 3600.0
"""How long an assertion may live: its ``jti`` is remembered until its end."""
_UNDATED: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
"""What is checked here in PyJWT's place: by the issuer's own clock."""
_UNKNOWN = "unknown client or wrong secret"


@dataclass(frozen=True)
class RegisteredClient:
    """A client: its secret, and the public keys (JWK) of its assertions; either may be missing."""

    client_id: str
    secret: str = field(default="", repr=False)
    keys: tuple[jwt.PyJWK, ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the client that the lab's settings describe."""
        return cls(data["client_id"], data["secret"], tuple(jwt.PyJWK(key) for key in data["keys"]))


class ClientBook:
    """Tell who asks.

    ``clock`` is the issuer's, in seconds since the epoch; ``audiences`` tells what an assertion may be for: the
    issuer's name, and its token endpoint as older clients write.
    """

    def __init__(
        self, clients: Sequence[RegisteredClient], clock: Callable[[], float], audiences: Callable[[], Sequence[str]]
    ) -> None:
        self._clients = {client.client_id: client for client in clients}
        self._clock = clock
        self._audiences = audiences
        self._seen: dict[tuple[str, str], float] = {}
        """When each assertion that was taken ends, by client and ``jti``."""

    def methods(self) -> list[str]:
        """Return the ways to authenticate that some client can take."""
        signs = any(client.keys for client in self._clients.values())
        return list(METHODS if signs else METHODS[:2])

    def authenticate(self, authorization: str | None, form: Mapping[str, str]) -> str:
        """Return the id of the client that a request comes from; raises `Refusal`."""
        ways = [authorization is not None, "client_secret" in form, "client_assertion" in form]
        if sum(ways) > 1:
            raise Refusal("invalid_request", "two client authentications in one request")
        if "client_assertion" in form:
            client_id = self._by_assertion(form)
        elif authorization is not None:
            client_id = self._by_secret(*_basic(authorization))
        else:
            client_id = self._by_secret(form.get("client_id", ""), form.get("client_secret", ""))
        if form.get("client_id", client_id) != client_id:
            raise Refusal("invalid_request", "client_id differs from the authenticated client")
        return client_id

    def _by_secret(self, client_id: str, secret: str) -> str:
        client = self._clients.get(client_id)
        expected = client.secret if client else ""
        matches = hmac.compare_digest(secret.encode(errors="replace"), expected.encode())
        if not expected or not matches:
            raise Refusal("invalid_client", _UNKNOWN, 401)
        return client_id

    def _by_assertion(self, form: Mapping[str, str]) -> str:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Refusal("invalid_request", f"client_assertion_type must be {ASSERTION_TYPE}")
        assertion = form["client_assertion"]
        client = self._clients.get(_claimed_subject(assertion))
        claims = next(filter(None, (_verified(assertion, key) for key in client.keys)), None) if client else None
        if client is None or claims is None:
            raise Refusal("invalid_client", "the assertion is signed by no key of that client", 401)
        self._check(client.client_id, claims)
        return client.client_id

    def _check(self, client_id: str, claims: Mapping[str, Any]) -> None:
        now_s = self._clock()
        if claims.get("iss") != client_id:
            raise Refusal("invalid_client", "the assertion's iss and sub must both be the client_id", 401)
        named = claims.get("aud")
        if not set(named if isinstance(named, list) else [named]) & set(self._audiences()):
            raise Refusal("invalid_client", f"the assertion's aud must be {self._audiences()[0]}", 401)
        ends_s = claims.get("exp")
        if isinstance(ends_s, bool) or not isinstance(ends_s, int | float) or not now_s < ends_s < now_s + _LONGEST_S:
            raise Refusal("invalid_client", "the assertion has expired, has no exp, or lives above an hour", 401)
        self._take(client_id, claims.get("jti"), float(ends_s), now_s)

    def _take(self, client_id: str, name: object, ends_s: float, now_s: float) -> None:
        """Take an assertion once; those that are over are forgotten."""
        self._seen = {seen: until_s for seen, until_s in self._seen.items() if until_s > now_s}
        if not isinstance(name, str) or not name or (client_id, name) in self._seen:
            raise Refusal("invalid_client", "the assertion has no jti, or was used before", 401)
        self._seen[client_id, name] = ends_s


def _basic(authorization: str) -> tuple[str, str]:
    scheme, _, credentials = authorization.partition(" ")
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        decoded = ""
    client_id, colon, secret = decoded.partition(":")
    if scheme.lower() != "basic" or not colon:
        raise Refusal("invalid_client", "authorization is not HTTP Basic", 401)
    return unquote_plus(client_id), unquote_plus(secret)


def _claimed_subject(assertion: str) -> str:
    """Return whose assertion it says it is: nothing is verified here."""
    try:
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise Refusal("invalid_client", "the assertion is no JWT", 401) from None
    return str(claims.get("sub", ""))


def _verified(assertion: str, key: jwt.PyJWK) -> dict[str, Any] | None:
    """Return the claims of an assertion that a key signed; an RSA key may do so by either padding."""
    algorithms = ["RS256", "PS256"] if key.key_type == "RSA" else [key.algorithm_name]
    try:
        return dict(jwt.decode(assertion, key.key, algorithms, options=_UNDATED))
    except (jwt.PyJWTError, ValueError):
        return None
