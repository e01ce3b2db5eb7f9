"""The steps of a verification up to the signature, each a pure function.

Stricter than PyJWT alone, whose algorithms they use: one meaning per token (no duplicate members,
no padding, no spare bits), whole types, one algorithm per key, no extension that we do not
understand. Sources: RFC 7515, RFC 7519, RFC 8725 (best current practices), RFC 9068 (``typ``).
"""

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from harness.lab.target.claim_checks import CLAIM_CHECKS, ClaimCheck
from harness.lab.target.key_set import KeySet, VerifyKey
from harness.lab.target.strict_json import read_object
from harness.lab.target.verdict import Rejected
from harness.results.row import Cause

MAX_TOKEN_CHARS = 16_384
"""Longest token that is looked at."""

Header = Mapping[str, Any]

_TOKEN = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]*)")
_LAST_SECOND = 253_402_300_799
"""9999-12-31T23:59:59Z: a later date is no date, most often one in milliseconds."""
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_NOT_UNDERSTOOD = frozenset({"crit", "b64", "zip", "cty", "enc"})
"""Header parameters that change what the token means; we understand none. Source: RFC 7515, 4.1.11."""
_ALGORITHMS = frozenset({"ES256", "RS256", "PS256", "EdDSA", "HS256"})


def split(token: str) -> tuple[str, str, str]:
    """Return the three segments of a compact JWS."""
    if len(token) > MAX_TOKEN_CHARS or not (parts := _TOKEN.fullmatch(token)):
        raise Rejected(Cause.MALFORMED)
    return parts[1], parts[2], parts[3]


def decode(segment: str) -> bytes:
    """Return the bytes of base64url without padding, in its only spelling. Source: RFC 4648, 3.5."""
    if len(segment) % 4 == 1:
        raise Rejected(Cause.MALFORMED)
    decoded = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    if base64.urlsafe_b64encode(decoded).rstrip(b"=") != segment.encode():
        raise Rejected(Cause.MALFORMED)
    return decoded


def parse(data: bytes) -> dict[str, Any]:
    """Return the JSON object that bytes hold."""
    try:
        return read_object(data)
    except ValueError:
        raise Rejected(Cause.MALFORMED) from None


def check_header(header: Header) -> tuple[str, str]:
    """Return key id and algorithm; the key id of a token that names none is empty, which no key has."""
    algorithm, kid, kind = header.get("alg"), header.get("kid", ""), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(kid, str) or not isinstance(kind, str):
        raise Rejected(Cause.MALFORMED)
    if kind.lower() not in _TYPES or not _NOT_UNDERSTOOD.isdisjoint(header):
        raise Rejected(Cause.MALFORMED)
    if algorithm not in _ALGORITHMS:
        raise Rejected(Cause.WRONG_ALGORITHM)
    return kid, algorithm


def find_keys(keys: KeySet, header: Header, kid: str, algorithm: str) -> Sequence[VerifyKey]:
    """Return the keys of that id for that algorithm; what else the header says of keys is not read."""
    del header
    found = keys.find(kid, algorithm)
    if not found:
        raise Rejected(Cause.WRONG_ALGORITHM) if keys.knows(kid) else Rejected(Cause.UNKNOWN_KEY, kid)
    return found


def check_signature(found: Sequence[VerifyKey], message: bytes, signature: bytes) -> None:
    """Demand that one of the keys made the signature."""
    if not any(_verifies(key, message, signature) for key in found):
        raise Rejected(Cause.BAD_SIGNATURE)


def check_types(claims: Mapping[str, Any]) -> None:
    """Demand dates that are numbers, and names that are texts."""
    dates = (claims[name] for name in ("exp", "nbf", "iat") if name in claims)
    texts = (claims[name] for name in ("sub", "jti") if name in claims)
    if not all(_is_date(value) for value in dates) or not all(isinstance(value, str) and value for value in texts):
        raise Rejected(Cause.MALFORMED)


def _verifies(key: VerifyKey, message: bytes, signature: bytes) -> bool:
    try:
        return bool(key.verifies(message, signature))
    except (jwt.PyJWTError, ValueError, TypeError):
        return False


def _is_date(value: object) -> bool:
    """Return whether a value is a NumericDate: a number, never a string. Source: RFC 7519, section 2."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LAST_SECOND


@dataclass(frozen=True)
class Steps:
    """The steps in their order; a step says no by raising `Rejected`. The defaults are right."""

    split: Callable[[str], tuple[str, str, str]] = split
    decode: Callable[[str], bytes] = decode
    parse: Callable[[bytes], dict[str, Any]] = parse
    check_header: Callable[[Header], tuple[str, str]] = check_header
    find_keys: Callable[[KeySet, Header, str, str], Sequence[VerifyKey]] = find_keys
    check_signature: Callable[[Sequence[VerifyKey], bytes, bytes], None] = check_signature
    check_types: Callable[[Mapping[str, Any]], None] = check_types
    claim_checks: tuple[ClaimCheck, ...] = CLAIM_CHECKS
