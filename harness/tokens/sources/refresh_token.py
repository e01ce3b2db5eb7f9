"""The refresh token grant (RFC 6749, section 6), with rotation (RFC 9700, section 4.14.2)."""

import logging
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import NamedTemporaryFile

from harness.endpoint.proxy import mistakes as proxy_mistakes
from harness.errors import TokenError
from harness.tokens.source import refuse
from harness.tokens.sources import findings, issuer_address, token_source
from harness.tokens.sources.client_auth import ClientAuth, ClientSecret, Prover
from harness.tokens.sources.client_credentials import auth_mistakes, extra_mistakes
from harness.tokens.sources.secret_file import read_secret
from harness.tokens.sources.token_endpoint import TokenEndpoint
from harness.validation import positive

logger = logging.getLogger("jwtstorm")


@token_source
@dataclass(frozen=True)
class RefreshToken:
    """Trade a refresh token for access tokens.

    It comes from the environment variable ``env``, or from ``file`` where one is given. An issuer
    that rotates sends another with each answer, and the old one is then used up: this source goes
    on with the new one, and asks one request at a time. With ``keep_rotated`` the new one also
    replaces the old in ``file``; without it, the next run needs a new one. Processes do not share
    what they got, so that several workers are refused, unless ``rotates`` is False: the issuer takes
    one refresh token again and again. ``proxy`` is an HTTP proxy on the way to the issuer.
    """

    token_url: str = ""
    client_id: str = ""
    auth: ClientAuth = field(default_factory=ClientSecret)
    env: str = "REFRESH_TOKEN"
    file: Path | None = None
    keep_rotated: bool = False
    scope: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)
    issuer_url: str = ""
    timeout_s: float = 5.0
    proxy: str = ""
    rotates: bool = True

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        what = "RefreshToken"
        found = issuer_address.mistakes(what, self.token_url, self.issuer_url)
        found += findings.filled(what, client_id=self.client_id) + findings.text(what, scope=self.scope)
        found += positive(what, timeout_s=self.timeout_s) + proxy_mistakes(what, self.proxy)
        found += extra_mistakes(what, self.extra) + auth_mistakes(what, self.auth, self.issuer_url)
        if self.file is not None:
            return found + findings.path(what, file=self.file)
        if self.keep_rotated:
            found.append(f"{what}: keep_rotated=True has no file to keep it in; give file=")
        return found + findings.variable(what, env=self.env)

    def alone(self) -> str:
        """Return why only one process may use it, where that is so."""
        if not self.rotates:
            return ""
        return (
            "an issuer that rotates ends the grant when a refresh token is used twice; run one worker, or give "
            "RefreshToken(rotates=False) where the issuer is known to take it again and again"
        )

    def hosts(self) -> list[str]:
        """Return the machine that is asked for tokens."""
        return issuer_address.hosts(self.token_url, self.issuer_url)

    def open(self) -> "RefreshingSource":
        """Find the endpoint, read the secrets and return the source."""
        refuse(self.mistakes())
        where = issuer_address.resolve(self.token_url, self.issuer_url, self.timeout_s, self.proxy)
        prove = self.auth.open(self.client_id, where.issuer)
        endpoint = TokenEndpoint(where.token_endpoint, self.timeout_s, self.proxy)
        return RefreshingSource(self, endpoint, prove, self._read())

    def _read(self) -> str:
        if self.file is None:
            return os.environ[self.env].strip()
        return read_secret("refresh token", self.file, ("refreshtoken",), "log in anew and write the token into it")


class RefreshingSource:
    """Fetch access tokens, one request at a time: two with one rotating token would end the grant."""

    def __init__(self, settings: RefreshToken, endpoint: TokenEndpoint, prove: Prover, held: str) -> None:
        self._settings = settings
        self.endpoint = endpoint
        self._prove = prove
        self._held = held
        self._lock = threading.Lock()
        self.rotations = 0
        """How often the issuer replaced the refresh token."""

    def fetch(self) -> str:
        """Trade the refresh token; keep the one that comes back."""
        with self._lock:
            answer = self._ask()
            rotated = answer.get("refresh_token")
            if isinstance(rotated, str) and rotated and rotated != self._held:
                self._held = rotated
                self.rotations += 1
                self._warn_of_the_next_run()
                self._keep(rotated)
            return str(answer["access_token"])

    def _ask(self) -> Mapping[str, object]:
        settings, proof = self._settings, self._prove()
        fields = {"grant_type": "refresh_token", "refresh_token": self._held, "scope": settings.scope}
        form = {name: value for name, value in fields.items() if value} | dict(settings.extra)
        try:
            return self.endpoint.post({**form, **proof.fields}, proof.headers)
        except TokenError as error:
            if "invalid_grant" not in str(error):
                raise
            raise TokenError(f"{error}: {self._why()}", error.cause, error.status, error.retry_after_s) from error

    def _why(self) -> str:
        if self.rotations:
            return (
                "the refresh token that rotation gave was refused; somebody reused one of its line, which ends "
                "the grant (is there another worker, or another client?); log in anew"
            )
        return "the refresh token is expired, revoked, another client's, or used up by rotation; log in anew"

    def _warn_of_the_next_run(self) -> None:
        settings = self._settings
        if self.rotations == 1 and not settings.keep_rotated:
            logger.warning(
                "the issuer rotates refresh tokens, so that the one given is used up; the next run needs another, "
                "unless RefreshToken(file=…, keep_rotated=True) keeps each new one"
            )

    def _keep(self, rotated: str) -> None:
        """Replace the file in one step, readable by its owner alone."""
        settings = self._settings
        if settings.file is None or not settings.keep_rotated:
            return
        path = Path(settings.file)
        try:
            with NamedTemporaryFile("w", dir=path.parent, prefix=f".{path.name}-", delete=False) as new:
                new.write(rotated)
            Path(new.name).replace(path)
        except OSError as error:
            kind = type(error).__name__
            raise TokenError(f"the rotated refresh token cannot be kept in {path} ({kind})", "OTHER") from error
