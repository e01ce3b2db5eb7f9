"""The mint: signs access tokens, with chaos in its clock, lifetimes, generations and keys."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from harness.lab.issuer.keys import SigningKey


@dataclass
class Mint:
    """Sign tokens for one issuer and audience.

    ``clock`` shows seconds since the epoch; ``lifetime_s`` is what clients are told;
    ``minted_lifetime_s`` what tokens live really, where that differs.
    """

    issuer: str
    audience: str
    lifetime_s: float
    clock: Callable[[], float]
    key: SigningKey
    generation: int = 1
    minted_lifetime_s: float | None = None
    minted: int = 0
    retiring: list[SigningKey] = field(default_factory=list)
    """Keys that sign no more and are still published."""

    def mint(self, client_id: str, scope: str) -> str:
        """Return a signed token; iat and exp are whole seconds, rounded down.

        ``jti`` is ``<generation>-<serial>``: the target can turn away a whole generation.
        """
        self.minted += 1
        now_s = self.clock()
        life_s = self.lifetime_s if self.minted_lifetime_s is None else self.minted_lifetime_s
        claims = {
            "iss": self.issuer,
            "sub": client_id,
            "aud": self.audience,
            "iat": int(now_s),
            "exp": int(now_s + life_s),
            "jti": f"{self.generation}-{self.minted}",
            "client_id": client_id,
            "scope": scope,
        }
        return self.key.sign(claims)

    def new_generation(self) -> int:
        """Begin a generation; return the one that ended."""
        ended = self.generation
        self.generation += 1
        return ended

    def rotate(self, key: SigningKey, overlap: bool) -> None:
        """Sign with a new key; the old one stays published where ``overlap``, and all older ones go."""
        self.retiring = [self.key] if overlap else []
        self.key = key

    def jwks(self) -> dict[str, Any]:
        """Return the published key set."""
        published = (key.public_jwk() for key in (self.key, *self.retiring))
        return {"keys": [jwk for jwk in published if jwk]}
