"""The mint: signs access tokens, with chaos in its clock, generations and keys."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.lab.issuer.key_ring import KeyRing


@dataclass
class Mint:
    """Sign tokens for one issuer and audience.

    ``clock`` shows seconds since the epoch; ``lifetime_s`` is what clients are told; ``extra`` are claims that tokens
    have beside their own, or in their place.
    """

    issuer: str
    audience: str
    lifetime_s: float
    clock: Callable[[], float]
    ring: KeyRing
    generation: int = 1
    minted: int = 0
    extra: Mapping[str, Any] = field(default_factory=dict)

    def claims(self, client_id: str, scope: str) -> dict[str, Any]:
        """Return the claims of one more token; iat and exp are whole seconds, rounded down.

        ``jti`` is ``<generation>-<serial>``: the target can turn away a whole generation.
        """
        self.minted += 1
        now_s = self.clock()
        return {
            "iss": self.issuer,
            "sub": client_id,
            "aud": self.audience,
            "iat": int(now_s),
            "exp": int(now_s + self.lifetime_s),
            "jti": f"{self.generation}-{self.minted}",
            "client_id": client_id,
            "scope": scope,
            **self.extra,
        }

    def sign(self, claims: Mapping[str, Any]) -> str:
        """Return a token of these claims under the key that signs now."""
        return self.ring.signs.sign(dict(claims))

    def new_generation(self) -> int:
        """Begin a generation; return the one that ended."""
        ended = self.generation
        self.generation += 1
        return ended
