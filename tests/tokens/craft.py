"""Tokens for the client's side: unsigned, parsed as the client parses them."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from harness.tokens.token import Token

NOW_S = 1_800_000_000.0


def segment(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def jwt_text(claims: Mapping[str, Any] | None = None, serial: int = 1, **header: Any) -> str:
    """Return a compact JWS whose signature is nothing that anybody checks."""
    given = {"jti": f"1-{serial}", **(claims or {})}
    return f"{segment({'alg': 'none', 'kid': 'k1', **header})}.{segment(given)}.{segment('signature')}"


def token(life_s: float = 100.0, serial: int = 1, obtained_s: float = 0.0) -> Token:
    """Return a token that has ``life_s`` seconds left at `NOW_S`."""
    return Token.parse(jwt_text({"exp": NOW_S + life_s}, serial), obtained_s)
