"""Token: a JWT as the client holds it. Its `repr` and every file of ours leave the string out."""

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Self

from harness.endpoint.metadata import foreign
from harness.errors import TokenError

_LEAST_HEADER = 15
"""Characters of the shortest header, {"alg":"HS256"} without its end: opaque tokens may begin like one."""
SHOWN_CLAIMS = ("iss", "sub", "aud", "iat", "nbf", "exp", "jti")
"""Claims that a trace may hold."""


@dataclass(frozen=True, eq=False)
class Token:
    """A token and what its holder knows of it.

    ``obtained_s`` is monotonic; ``begins_s`` and ``ends_s`` are the validity window on the issuer's
    wall clock (`nbf`, `exp`; infinite where the claim is no number). Claims are decoded, not verified.
    """

    text: str = field(repr=False)
    obtained_s: float
    header: Mapping[str, Any] = field(repr=False)
    claims: Mapping[str, Any] = field(repr=False)
    begins_s: float
    ends_s: float

    def __repr__(self) -> str:
        return f"Token(kid={self.header.get('kid')!r}, exp={self.claims.get('exp')!r})"

    @classmethod
    def parse(cls, text: str, obtained_s: float) -> Self:
        """Decode a compact JWS without verifying it.

        Raises `TokenError` where the string is no JWT, or one that no metadata can carry; the message never
        quotes it.
        """
        if where := foreign(text) or _blank(text):
            raise TokenError(
                f"the token holds {where}, which no token has; save it as plain text, and check the source", "MALFORMED"
            )
        parts = text.split(".")
        if len(parts) != 3:
            raise TokenError(_no_jwt(parts), "MALFORMED")
        header, claims = _decode(parts[0], "header"), _decode(parts[1], "claims")
        begins_s, ends_s = numeric_date(claims, "nbf", -math.inf), numeric_date(claims, "exp", math.inf)
        return cls(text, obtained_s, MappingProxyType(header), MappingProxyType(claims), begins_s, ends_s)

    def life_s(self, now_s: float) -> float:
        """Return the seconds of life left at a wall-clock time; negative when dead."""
        return self.ends_s - now_s

    def whole_life_s(self, now_s: float) -> float:
        """Return the seconds that its issuer gave it: from `iat` to `exp`, or from ``now_s`` where it has no `iat`."""
        return self.ends_s - numeric_date(self.claims, "iat", now_s)

    def shown(self) -> dict[str, Any]:
        """Return the claims that a trace may hold, and `kid`."""
        return {name: self.claims[name] for name in SHOWN_CLAIMS if name in self.claims}


def _blank(text: str) -> str:
    """Return the first white space in a text, with its place; empty where there is none."""
    place = text.find(" ")
    return f"a space at character {place + 1}" if place >= 0 else ""


def _no_jwt(parts: Sequence[str]) -> str:
    """Say what a token is instead: issuers give opaque ones where they are not told whom they are for."""
    count = len(parts)
    if count < 3 and parts[0].startswith(("ey", "ew")) and len(parts[0]) > _LEAST_HEADER:
        return f"the token is cut short, with {count} of its 3 parts; copy it whole, or check the source"
    kinds = {1: "opaque", 5: "encrypted (a JWE)"}
    kind = f"the token is {kinds[count]}, no JWT" if count in kinds else f"the token has {count} parts, a JWT has 3"
    return f"{kind}; ask the issuer for a signed one (often by audience= or a resource), or check the source"


def _decode(part: str, what: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        value = None
    if not isinstance(value, dict):
        raise TokenError(f"the token's {what} is no JSON object; check what the source returns", "MALFORMED")
    return value


def numeric_date(claims: Mapping[str, Any], name: str, absent: float) -> float:
    """Return a claim's NumericDate, possibly infinite; ``absent`` where there is none, or what is there is no date."""
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return absent
    try:
        date = float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf
    return absent if math.isnan(date) else date
