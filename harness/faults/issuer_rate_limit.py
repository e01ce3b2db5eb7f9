"""Issuer rate limit: more than so many token requests per second are turned away."""

from collections.abc import Callable
from dataclasses import dataclass, field

from harness.clock import monotonic
from harness.faults.in_issuer import IssuerFault, IssuerSeams, TokenRefusal
from harness.validation import positive, whole


@dataclass(frozen=True)
class IssuerRateLimit(IssuerFault):
    """The token endpoint grants ``per_s`` requests a second; the rest get 429 with Retry-After ``retry_after_s``.

    Up to one second's worth may come at once. Source: RFC 6585, section 4.
    """

    per_s: float
    retry_after_s: int = 1

    def text(self) -> str:
        """Return the line for people."""
        return f"issuer grants {self.per_s:g} token requests a second and answers 429 to the rest"

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings."""
        found = positive("issuer_rate_limit", per_s=self.per_s)
        return found + whole("issuer_rate_limit", 0, retry_after_s=self.retry_after_s)

    def begin(self) -> "TokenBucket":
        """Return a full bucket."""
        return TokenBucket(self.per_s, self.retry_after_s)


@dataclass
class TokenBucket(IssuerSeams):
    """Grant ``per_s`` requests a second, one second's worth at once; ``clock`` is monotonic, in seconds."""

    per_s: float
    retry_after_s: int
    clock: Callable[[], float] = monotonic
    _left: float = field(init=False)
    _seen_s: float = field(init=False)

    def __post_init__(self) -> None:
        self._left, self._seen_s = max(self.per_s, 1.0), self.clock()

    async def on_token_request(self) -> TokenRefusal | None:
        """Refuse what the bucket does not hold."""
        return None if self.grants() else TokenRefusal(429, self.retry_after_s)

    def grants(self) -> bool:
        """Take one request from the bucket; tell whether there was one left."""
        now_s = self.clock()
        self._left = min(max(self.per_s, 1.0), self._left + (now_s - self._seen_s) * self.per_s)
        self._seen_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
