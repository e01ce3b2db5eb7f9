"""What a defect starts from: an issuer's good tokens, and the strangers around it."""

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.tokens.base64url import encode
from harness.tokens.signer import Signer

LEFT_OUT: Any = ...
"""The value of a claim or header member that is to be left out."""


@dataclass(frozen=True)
class Good:
    """An issuer that the target trusts, as its owner sees it; all that is made from it follows the seed.

    ``second`` is another published key, ``reserved`` one that is published for encryption, and
    ``stranger`` one that nobody trusts. ``now_s`` is when tokens are minted, in seconds since the
    epoch; ``leeway_s`` the skew that the target says it forgives; ``canary_url`` serves the
    stranger's key, and counts who asks.
    """

    issuer: str
    audience: str
    signer: Signer
    second: Signer
    reserved: Signer
    stranger: Signer
    now_s: float
    leeway_s: float = 0.0
    life_s: float = 3600.0
    scope: str = "ledger.read ledger.write"
    canary_url: str = "http://127.0.0.1:9"
    seed: int = 1
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, algorithm: str, issuer: str, audience: str, now_s: float, seed: int = 1, **settings: Any) -> "Good":
        """Return an issuer with keys of its own, for one algorithm."""
        names = ("first", "second", "reserved", "stranger")
        first, second, reserved, stranger = (
            Signer.generate(algorithm, f"{name}-{algorithm.lower()}", seed) for name in names
        )
        return cls(issuer, audience, first, second, reserved, stranger, now_s, seed=seed, **settings)

    def dice(self, purpose: str) -> random.Random:
        """Return dice of their own for a purpose."""
        return random.Random(f"{self.seed}/{purpose}")

    def jwks(self) -> dict[str, Any]:
        """Return the key set that the issuer publishes; empty for a shared secret."""
        if self.signer.algorithm == "HS256":
            return {"keys": []}
        return {"keys": [self.signer.jwk(), self.second.jwk(), self.reserved.jwk(use="enc")]}

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return good claims with changes; `LEFT_OUT` leaves one out."""
        now_s = int(self.now_s)
        good = {
            "iss": self.issuer,
            "sub": "storm",
            "aud": self.audience,
            "iat": now_s - 5,
            "exp": now_s + int(self.life_s),
            "jti": "specimen",
            "scope": self.scope,
            **self.extra,
        }
        return {name: value for name, value in (good | changes).items() if value is not LEFT_OUT}

    def header(self, signer: Signer | None = None, **changes: Any) -> dict[str, Any]:
        """Return a good header with changes."""
        key = signer or self.signer
        good = {"alg": key.algorithm, "kid": key.kid, "typ": "at+jwt"}
        return {name: value for name, value in (good | changes).items() if value is not LEFT_OUT}

    def token(self, signer: Signer | None = None, **claims: Any) -> str:
        """Return a signed token with changed claims."""
        return self.sealed(self.header(signer), self.claims(**claims), signer)

    def headed(self, signer: Signer | None = None, **header: Any) -> str:
        """Return a signed token with a changed header."""
        return self.sealed(self.header(signer, **header), self.claims(), signer)

    def written(self, name: str, *values: str) -> str:
        """Return a signed token whose claim is written by hand, once per value: it need not be JSON."""
        rest = json.dumps(self.claims(**{name: LEFT_OUT}))
        members = ", ".join(f'"{name}": {value}' for value in values)
        return self.sealed(self.header(), f"{rest[:-1]}, {members}}}".encode())

    def sealed(self, header: object, payload: object, signer: Signer | None = None, algorithm: str = "") -> str:
        """Return a token of any header and payload; bytes are taken as they are, all else as JSON."""
        message = f"{segment(header)}.{segment(payload)}"
        return f"{message}.{encode((signer or self.signer).sign(message.encode(), algorithm))}"

    def unsigned(self, **header: Any) -> str:
        """Return header and payload of a token without its signature, and the dot between."""
        return f"{segment(self.header(**header))}.{segment(self.claims())}"


def segment(value: object) -> str:
    """Return a segment of a token."""
    return encode(value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode())
