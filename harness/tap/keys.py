"""The keys that an issuer publishes, and whether a token's own is among them.

They come from the issuer that the user named, never from an address that a token names.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import jwt

from harness import clock
from harness.endpoint.proxy import http_pool
from harness.errors import TokenError, UsageError
from harness.tokens.sources import issuer_request
from harness.tokens.sources.discovery import documents
from harness.tokens.token import Token

_WITHIN_S = 5.0
_AGAIN_AFTER_S = 10.0
"""How soon an unknown key makes us ask again."""
_SHOWN_KEYS = 5

Get = Callable[[str], Any]
"""Returns the JSON at a URL; raises `TokenError` or `UsageError`."""


def get_json(url: str) -> Any:
    """Return the JSON at a URL."""
    with http_pool(url, "", retries=False) as pool:
        answer = issuer_request.ask(pool, "GET", url, _WITHIN_S, headers={"accept": "application/json"}, redirect=False)
    if answer.status != 200:
        raise TokenError(f"{url} answered {answer.status}", "BAD_RESPONSE")
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise TokenError(f"{url} answered no JSON", "BAD_RESPONSE") from None


@dataclass
class IssuerKeys:
    """Look tokens' keys up in what one issuer publishes; `verdict` may be asked by several threads."""

    issuer_url: str
    get: Get = get_json
    _keys: Sequence[dict[str, Any]] = ()
    _asked_s: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def verdict(self, token: Token) -> str:
        """Return a sentence: whether the issuer publishes the token's key, and the signature is that key's."""
        with self._lock:
            try:
                found = self._find(token.header.get("kid"))
            except (TokenError, UsageError) as error:
                return f"The keys of {self.issuer_url} cannot be read: {error}."
        if not found:
            return f"Its key {_shown(token)} is not among those that {self.issuer_url} publishes: {self._published()}."
        if any(_fits(token, key) for key in found):
            return f"Its key {_shown(token)} is published by {self.issuer_url}, and its signature is that key's."
        return (
            f"Its key {_shown(token)} is published by {self.issuer_url}, and its signature is not that key's: it was "
            "changed on the way, or another key took that id."
        )

    def _find(self, kid: object) -> list[dict[str, Any]]:
        found = [key for key in self._keys if key.get("kid") == kid]
        due = self._asked_s is None or clock.monotonic() - self._asked_s > _AGAIN_AFTER_S
        if not found and due:
            self._asked_s = clock.monotonic()
            self._keys = self._fetch()
            found = [key for key in self._keys if key.get("kid") == kid]
        return found

    def _fetch(self) -> list[dict[str, Any]]:
        told = self._document()
        url = told.get("jwks_uri") if isinstance(told, dict) else None
        if not isinstance(url, str) or urlsplit(url).scheme not in {"http", "https"}:
            raise TokenError("its discovery document names no jwks_uri", "BAD_RESPONSE")
        keys = self.get(url)
        listed = keys.get("keys") if isinstance(keys, dict) else None
        if not isinstance(listed, list):
            raise TokenError(f"{url} is no key set", "BAD_RESPONSE")
        return [key for key in listed if isinstance(key, dict)]

    def _document(self) -> Any:
        first, second = documents(self.issuer_url)
        try:
            return self.get(first)
        except TokenError:
            return self.get(second)

    def _published(self) -> str:
        names = [str(key.get("kid", "one without a kid"))[:40] for key in self._keys]
        more = f" and {len(names) - _SHOWN_KEYS} more" if len(names) > _SHOWN_KEYS else ""
        return f"{', '.join(names[:_SHOWN_KEYS])}{more}" if names else "there are none"


def _shown(token: Token) -> str:
    kid = token.header.get("kid")
    return f"{str(kid)[:40]!r}" if kid is not None else "(it names none)"


def _fits(token: Token, key: dict[str, Any]) -> bool:
    """Tell whether a published key made a token's signature; dates are not looked at."""
    algorithm = token.header.get("alg")
    if not isinstance(algorithm, str) or key.get("kty") not in {"RSA", "EC", "OKP"}:
        return False
    undated = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        jwt.decode(token.text, jwt.PyJWK(key, algorithm).key, [algorithm], options=undated)  # type: ignore[arg-type]
    except (jwt.PyJWTError, ValueError, TypeError):
        return False
    return True
