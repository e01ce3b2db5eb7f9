"""Which token a call bore, without keeping it: a keyed hash, and when it ends.

The key is the run's, in memory alone, so that a hash means nothing outside of its run and a guessed token cannot be
checked against it.
"""

import base64
import hmac
import json
import math
from functools import lru_cache
from typing import NamedTuple

_REMEMBERED = 4096


class TokenNote(NamedTuple):
    """What may be kept of a token: its identity, and its ``exp`` in seconds since the epoch, or infinity."""

    identity: int
    ends_s: float


class TokenReader:
    """Read tokens out of a metadata value; what was read of the latest ones is remembered."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self.note = lru_cache(_REMEMBERED)(self._note)

    def _note(self, value: bytes) -> TokenNote:
        token = value[7:] if value[:7].lower() == b"bearer " else value
        digest = hmac.digest(self._key, token.strip(), "sha256")
        return TokenNote(int.from_bytes(digest[:8]) or 1, _ends_s(token))


def _ends_s(token: bytes) -> float:
    """Return a JWT's ``exp``, or infinity for whatever has none: nothing is verified here."""
    try:
        payload = token.split(b".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
        ends_s = float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        return math.inf
    return ends_s if math.isfinite(ends_s) else math.inf
