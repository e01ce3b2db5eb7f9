"""How an OAuth client proves who it is to the token endpoint.

By a secret (RFC 6749, section 2.3.1), by an assertion that it signs (RFC 7523, section 2.2), or not
at all (a public client).
"""

import base64
import os
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import quote_plus

from harness import clock
from harness.tokens.sources import findings, key_file
from harness.tokens.sources.secret_file import read_secret
from harness.validation import one_of, positive

CLIENT_AUTHENTICATION = "client-authentication+jwt"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True)
class ClientProof:
    """What a token request carries to prove its client; the repr shows nothing of it."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)


Prover = Callable[[], ClientProof]
"""Gives the proof of one request."""


class ClientAuth(Protocol):
    """A way to prove who the client is: settings without a secret in them."""

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""

    def open(self, client_id: str, audience: str) -> Prover:
        """Read the secret; ``audience`` is the issuer where it was discovered, else empty."""


@dataclass(frozen=True)
class ClientSecret:
    """A secret from the environment variable ``env``, or from ``file`` where one is given.

    ``style`` is ``basic`` (an HTTP header: what the standard wants) or ``post`` (in the form).
    """

    style: str = "basic"
    env: str = "CLIENT_SECRET"
    file: Path | None = None

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = one_of("ClientSecret", "style", self.style, ("basic", "post"))
        if self.file is not None:
            return found + findings.path("ClientSecret", file=self.file)
        return found + findings.variable("ClientSecret", env=self.env)

    def open(self, client_id: str, audience: str) -> Prover:
        """Read the secret."""
        del audience
        proof = proof_by_secret(client_id, self._secret(), self.style)
        return lambda: proof

    def _secret(self) -> str:
        if self.file is None:
            return os.environ[self.env].strip()
        return read_secret("client secret", self.file, ("clientsecret", "secret"), "write the secret alone into it")


def proof_by_secret(client_id: str, secret: str, style: str = "basic") -> ClientProof:
    """Return what proves a client by its secret."""
    if style == "post":
        return ClientProof(fields={"client_id": client_id, "client_secret": secret})
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return ClientProof(headers={"authorization": "Basic " + base64.b64encode(pair.encode()).decode()})


@dataclass(frozen=True)
class PrivateKeyJwt:
    """An assertion signed with a private key in a file.

    ``algorithm`` and ``key_id`` are the key's own where they are empty; ``audience`` is the issuer's
    identifier, which is known where it was discovered and must be given where it was not: an assertion
    for any other address could be handed on. ``typ`` is the header's; an issuer that knows none but
    ``JWT`` wants that. Source: RFC 7523 as updated by RFC 10070.
    """

    key: Path
    algorithm: str = ""
    key_id: str = ""
    audience: str = ""
    lifetime_s: float = 60.0
    typ: str = CLIENT_AUTHENTICATION

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = key_file.mistakes("PrivateKeyJwt", self.key, self.algorithm)
        found += findings.text("PrivateKeyJwt", key_id=self.key_id, audience=self.audience, typ=self.typ)
        return found + positive("PrivateKeyJwt", lifetime_s=self.lifetime_s)

    def needs_issuer(self) -> bool:
        """Tell whether the issuer must be discovered, for nothing else says whom an assertion is for."""
        return not self.audience

    def open(self, client_id: str, audience: str) -> Prover:
        """Read the key; each request gets an assertion of its own, for an issuer takes one only once."""
        key = key_file.read(Path(self.key), self.algorithm, self.key_id)

        def prove() -> ClientProof:
            now_s = int(clock.wall())
            assertion = key.sign(
                {
                    "iss": client_id,
                    "sub": client_id,
                    "aud": self.audience or audience,
                    "jti": str(uuid.uuid4()),
                    "iat": now_s,
                    "exp": now_s + round(self.lifetime_s),
                },
                self.typ,
            )
            fields = {"client_id": client_id, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}
            return ClientProof(fields=fields)

        return prove


@dataclass(frozen=True)
class NoClientAuth:
    """A public client: it says who it is and proves nothing."""

    def mistakes(self) -> list[str]:
        """Return nothing: there are no settings."""
        return []

    def open(self, client_id: str, audience: str) -> Prover:
        """Return the client's name alone."""
        del audience
        return lambda: ClientProof(fields={"client_id": client_id})
