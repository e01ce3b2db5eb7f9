"""Token sources: where tokens come from.

A source has one method, ``fetch() -> str``, which returns a compact JWT or raises `TokenError`
with the cause. Its settings are plain and hold no secret: secrets come from the environment or a
file when the source is opened. A scenario may bring its own: any object with ``open()``.
"""

import base64
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from harness.errors import TokenError, UsageError


class TokenSource(Protocol):
    """Something that gives tokens."""

    def fetch(self) -> str:
        """Return a compact JWT; raises `TokenError`."""


class SourceSettings(Protocol):
    """What a scenario writes down: opened in the worker, after its fork."""

    def open(self) -> TokenSource:
        """Return the source, ready to fetch; raises `UsageError` where a secret is missing."""


@dataclass(frozen=True)
class ClientCredentials:
    """OAuth 2.0 client credentials (RFC 6749, section 4.4), client authenticated by HTTP Basic.

    ``secret_env`` names the environment variable that holds the client's secret.
    """

    token_url: str
    client_id: str
    secret_env: str = "CLIENT_SECRET"  # noqa: S105 - the name of a variable
    scope: str = ""
    audience: str = ""
    timeout_s: float = 5.0

    def open(self) -> TokenSource:
        """Read the secret and return the source."""
        secret = os.environ.get(self.secret_env)
        if secret is None:
            raise UsageError(f"no client secret: set the environment variable {self.secret_env}")
        return OAuthSource(self, secret)


class OAuthSource:
    """Fetch tokens from an OAuth 2.0 token endpoint over one pool of connections."""

    def __init__(self, settings: ClientCredentials, secret: str) -> None:
        import urllib3

        self._settings = settings
        pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}"
        self._headers = {
            "authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
            "accept": "application/json",
        }
        fields = {"grant_type": "client_credentials", "scope": settings.scope, "audience": settings.audience}
        self._fields = {name: value for name, value in fields.items() if value}
        self._pool = urllib3.PoolManager(maxsize=64, retries=False, timeout=urllib3.Timeout(settings.timeout_s))

    def fetch(self) -> str:
        """Post a token request and return the access token."""
        import urllib3

        try:
            answer = self._pool.request(
                "POST", self._settings.token_url, fields=self._fields, encode_multipart=False, headers=self._headers
            )
        except urllib3.exceptions.NewConnectionError as error:  # refused: to urllib3 it is a time-out, too
            raise TokenError("the issuer cannot be reached (no connection)", "UNREACHABLE") from error
        except urllib3.exceptions.TimeoutError as error:
            seconds = self._settings.timeout_s
            raise TokenError(f"the issuer did not answer within {seconds:g} s", "DEADLINE") from error
        except urllib3.exceptions.HTTPError as error:
            raise TokenError(f"the issuer cannot be reached ({type(error).__name__})", "UNREACHABLE") from error
        return _access_token(answer.status, answer.headers.get("retry-after", ""), answer.data)


def _access_token(status: int, retry_after: str, body: bytes) -> str:
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    fields: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if status == 200 and isinstance(fields.get("access_token"), str):
        return str(fields["access_token"])
    if status == 200:
        raise TokenError(
            "the issuer answered 200 without an access_token; is the URL its token endpoint?", "BAD_RESPONSE"
        )
    wait_s = float(retry_after) if retry_after.isdecimal() else 0.0
    raise TokenError(f"the issuer answered {status} {_oauth_error(fields)}".strip(), _cause(status), status, wait_s)


def _oauth_error(fields: Mapping[str, Any]) -> str:
    known = {"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "invalid_scope"}
    error = fields.get("error")
    return error if isinstance(error, str) and error in known else ""


def _cause(status: int) -> str:
    if status == 429:
        return "RATE_LIMITED"
    if status >= 500:
        return "UNAVAILABLE"
    return "BAD_CLIENT" if 400 <= status < 500 else "BAD_RESPONSE"


@dataclass(frozen=True)
class SigningKey:
    """Mint tokens in the client from a private key in a PEM file (or a secret, for HS256).

    ``claims`` are fixed claims; `iat` and `exp` are added from the client's clock. Prefer ES256 or
    EdDSA: RS256 costs a millisecond of processor time per token.
    """

    path: Path
    algorithm: str = "ES256"
    key_id: str = ""
    lifetime_s: float = 300.0
    claims: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> TokenSource:
        """Read the key and return the source."""
        try:
            key = Path(self.path).read_bytes()
        except OSError as error:
            raise UsageError(f"signing key {self.path}: {error.strerror}; give the path of a PEM file") from error
        return MintingSource(self, key)


class MintingSource:
    """Mint tokens with a key that the client holds."""

    def __init__(self, settings: SigningKey, key: bytes) -> None:
        self._settings = settings
        self._key = key

    def fetch(self) -> str:
        """Return a token minted now."""
        import jwt

        from harness import clock

        settings = self._settings
        now_s = int(clock.wall())
        claims = {**settings.claims, "iat": now_s, "exp": now_s + round(settings.lifetime_s)}
        headers = {"kid": settings.key_id} if settings.key_id else None
        try:
            return jwt.encode(claims, self._key, settings.algorithm, headers=headers)
        except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError) as error:
            kind = type(error).__name__
            raise TokenError(
                f"signing key {settings.path} does not fit {settings.algorithm} ({kind})", "BAD_CLIENT"
            ) from None


@dataclass(frozen=True)
class TokenFile:
    """Read the token from a file, anew at each fetch: a projected service-account token."""

    path: Path

    def open(self) -> "TokenFile":
        """Return the source itself: it holds no secret."""
        return self

    def fetch(self) -> str:
        """Return what the file holds now."""
        try:
            return Path(self.path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(
                f"token file {self.path} cannot be read ({type(error).__name__})", "UNREACHABLE"
            ) from error


@dataclass(frozen=True)
class TokenCommand:
    """Run a command that prints a token, such as ``["gcloud", "auth", "print-identity-token"]``."""

    command: Sequence[str]
    timeout_s: float = 10.0

    def open(self) -> "TokenCommand":
        """Return the source itself: it holds no secret."""
        return self

    def fetch(self) -> str:
        """Run the command and return its first line."""
        name = self.command[0]
        try:
            done = subprocess.run(self.command, capture_output=True, timeout=self.timeout_s, check=False, text=True)
        except subprocess.TimeoutExpired as error:
            raise TokenError(f"{name} gave no token within {self.timeout_s:g} s", "DEADLINE") from error
        except OSError as error:
            raise TokenError(f"{name} cannot be run: {error.strerror}", "UNREACHABLE") from error
        lines = done.stdout.split()
        if done.returncode or not lines:
            raise TokenError(f"{name} ended with {done.returncode} and no token", "BAD_RESPONSE")
        return lines[0]
