"""The verifier: is this token good, now? A pure function, and never an exception.

Stricter than PyJWT alone, whose algorithms it uses: one meaning per token (no duplicate members,
no padding, no spare bits), whole types, one algorithm per key, no extension that we do not
understand. Sources: RFC 7515, RFC 7519, RFC 8725 (best current practices), RFC 9068 (``typ``).
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import jwt

from harness.calls import Cause
from harness.lab.target.key_set import KeySet
from harness.lab.target.strict_json import read_object

MAX_TOKEN_CHARS = 16_384
"""Longest token that is looked at."""

_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_GENERATION = re.compile(r"([0-9]{1,15})-[0-9]{1,15}")
_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: a later date is no date, most often one in milliseconds."""
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_NOT_UNDERSTOOD = frozenset({"crit", "b64", "zip", "cty", "enc"})
"""Header parameters that change what the token means; we understand none. Source: RFC 7515, 4.1.11."""
_SIGNATURES_KEPT = 4096


@dataclass(frozen=True)
class VerifierSettings:
    """What the verifier demands.

    Each key has one algorithm, and the key set holds allowed ones only. Tokens of a generation up
    to ``expired_through`` or ``revoked_through`` are turned away (``jti`` is ``<generation>-…``).
    """

    issuer: str
    audience: str
    required: tuple[str, ...] = ("iss", "sub", "aud", "exp", "iat")
    leeway_s: float = 0.0
    expired_through: int | None = None
    revoked_through: int | None = None


@dataclass(frozen=True)
class Verdict:
    """What the verifier says: `Cause.OK`, or why not.

    ``claims`` are those of a token with a good signature; ``kid`` is the key that was not found.
    """

    cause: Cause
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kid: str | None = None


class _Rejected(Exception):  # noqa: N818 - a verdict on its way up, caught in `verify`
    def __init__(self, cause: Cause, kid: str | None = None) -> None:
        super().__init__(cause.name)
        self.verdict = Verdict(cause, kid=kid)


def verify(token: str, keys: KeySet, settings: VerifierSettings, now_s: float) -> Verdict:
    """Judge a token at ``now_s``, seconds since the epoch on the verifier's clock."""
    try:
        claims = _signed_claims(token, keys)
    except _Rejected as rejected:
        return rejected.verdict
    cause = _judge(claims, settings, now_s)
    return Verdict(cause, claims)


@lru_cache(maxsize=_SIGNATURES_KEPT)
def _signed_claims(token: str, keys: KeySet) -> Mapping[str, Any]:
    """Return the claims of a token with a good signature: what no clock or setting changes.

    Kept per token and key set, because a client sends its token many times. A rejection is an
    exception and is not kept, so bad tokens cannot drive good ones out.
    """
    if len(token) > MAX_TOKEN_CHARS or not (parts := _TOKEN.fullmatch(token)):
        raise _Rejected(Cause.MALFORMED)
    header = _object(parts[1])
    kid, algorithm = _check_header(header)
    found = keys.find(kid, algorithm)
    if not found:
        raise _Rejected(Cause.WRONG_ALGORITHM) if keys.knows(kid) else _Rejected(Cause.UNKNOWN_KEY, kid)
    message, signature = token.rpartition(".")[0].encode(), _decode(parts[3])
    if not any(_verifies(key, message, signature) for key in found):
        raise _Rejected(Cause.BAD_SIGNATURE)
    claims = _object(parts[2])
    _check_types(claims)
    return claims


def _check_header(header: dict[str, Any]) -> tuple[str, str]:
    """Return key id and algorithm; the key id of a token that names none is empty, which no key has."""
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(kid, str) or not isinstance(kind, str):
        raise _Rejected(Cause.MALFORMED)
    if kind.lower() not in _TYPES or not _NOT_UNDERSTOOD.isdisjoint(header):
        raise _Rejected(Cause.MALFORMED)
    if algorithm not in _ALGORITHMS:
        raise _Rejected(Cause.WRONG_ALGORITHM)
    return kid, algorithm


_ALGORITHMS = frozenset({"ES256", "RS256", "EdDSA", "HS256"})


def _verifies(key: Any, message: bytes, signature: bytes) -> bool:
    try:
        return bool(key.verifies(message, signature))
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def _object(segment: str) -> dict[str, Any]:
    try:
        return read_object(_decode(segment))
    except ValueError:
        raise _Rejected(Cause.MALFORMED) from None


def _decode(segment: str) -> bytes:
    """Return the bytes of base64url without padding, in its only spelling. Source: RFC 4648, 3.5."""
    if len(segment) % 4 == 1:
        raise _Rejected(Cause.MALFORMED)
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise _Rejected(Cause.MALFORMED)
    return decoded


def _check_types(claims: Mapping[str, Any]) -> None:
    dates = (claims[name] for name in ("exp", "nbf", "iat") if name in claims)
    texts = (claims[name] for name in ("sub", "jti") if name in claims)
    if not all(_is_date(value) for value in dates) or not all(isinstance(value, str) and value for value in texts):
        raise _Rejected(Cause.MALFORMED)


def _is_date(value: object) -> bool:
    """Return whether a value is a NumericDate: a number, never a string. Source: RFC 7519, section 2."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LAST_SECOND


def _judge(claims: Mapping[str, Any], settings: VerifierSettings, now_s: float) -> Cause:
    """Return what a clock and the settings say of claims with a good signature."""
    if any(name not in claims for name in settings.required):
        return Cause.MISSING_CLAIM
    if claims.get("iss") != settings.issuer:
        return Cause.WRONG_ISSUER
    if not _is_for(claims.get("aud"), settings.audience):
        return Cause.WRONG_AUDIENCE
    if "exp" in claims and now_s - settings.leeway_s >= claims["exp"]:
        return Cause.EXPIRED
    if any(claims.get(name, now_s) > now_s + settings.leeway_s for name in ("nbf", "iat")):
        return Cause.NOT_YET_VALID
    return _judge_generation(claims, settings)


def _is_for(audience: object, ours: str) -> bool:
    listed = [audience] if isinstance(audience, str) else audience
    return isinstance(listed, list) and all(isinstance(one, str) for one in listed) and ours in listed


def _judge_generation(claims: Mapping[str, Any], settings: VerifierSettings) -> Cause:
    parts = _GENERATION.fullmatch(claims.get("jti", ""))
    if not parts:
        return Cause.OK
    generation = int(parts[1])
    if settings.revoked_through is not None and generation <= settings.revoked_through:
        return Cause.REVOKED
    if settings.expired_through is not None and generation <= settings.expired_through:
        return Cause.EXPIRED
    return Cause.OK
