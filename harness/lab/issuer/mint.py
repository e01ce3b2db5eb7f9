"""The mint: signs access tokens, with chaos in its clock, lifetimes, generations, keys and sizes."""

from collections.abc import Callable
from dataclasses import dataclass

from harness.lab.issuer.key_ring import KeyRing


@dataclass
class Mint:
    """Sign tokens for one issuer and audience.

    ``clock`` shows seconds since the epoch; ``lifetime_s`` is what clients are told;
    ``minted_lifetime_s`` what tokens live really, where that differs; ``size_bytes`` how large they are
    made by padding.
    """

    issuer: str
    audience: str
    lifetime_s: float
    clock: Callable[[], float]
    ring: KeyRing
    generation: int = 1
    minted_lifetime_s: float | None = None
    minted: int = 0
    size_bytes: int = 0

    @property
    def life_s(self) -> float:
        """Return how long a token that is minted now lives, in seconds."""
        return self.lifetime_s if self.minted_lifetime_s is None else self.minted_lifetime_s

    def mint(self, client_id: str, scope: str) -> str:
        """Return a signed token; iat and exp are whole seconds, rounded down.

        ``jti`` is ``<generation>-<serial>``: the target can turn away a whole generation.
        """
        self.minted += 1
        now_s = self.clock()
        claims = {
            "iss": self.issuer,
            "sub": client_id,
            "aud": self.audience,
            "iat": int(now_s),
            "exp": int(now_s + self.life_s),
            "jti": f"{self.generation}-{self.minted}",
            "client_id": client_id,
            "scope": scope,
        }
        token = self.ring.signs.sign(claims)
        # Base64 makes four characters of three bytes; the claim's own name and quotes take nine.
        padding = (self.size_bytes - len(token)) * 3 // 4 - 9
        return token if padding <= 0 else self.ring.signs.sign({**claims, "pad": "x" * padding})

    def new_generation(self) -> int:
        """Begin a generation; return the one that ended."""
        ended = self.generation
        self.generation += 1
        return ended
