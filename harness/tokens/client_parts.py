"""The parts of a client: how it renews its token, attaches it, and tells the time.

The defaults are right. Each wrong client of the zoo (`harness.lab.zoo`) puts another part in place, and the
same part acts in a rehearsal (`harness.defects.rehearsal`) and in a storm (`harness.worker.worker`).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from harness.endpoint.metadata import Metadata, carrying
from harness.tokens.refresh import Renewal, Tokens
from harness.tokens.renew_on import UNAUTHENTICATED, RenewOn

MOST_ATTEMPTS = 50
"""A client that sends for ever is stopped here: its storm must end."""


@dataclass(frozen=True)
class ClientParts:
    """How a client treats its token.

    ``attempts`` is how often a call is sent at most, after one of the ``refusals``: beyond two, it heeds no back-off
    either; ``frozen`` whether it keeps the token with which it was created; ``clock`` shows the client's
    wall clock.
    """

    tokens: Tokens = field(default_factory=lambda: Tokens(lifetime_s=60, before_s=10))
    renewal: Callable[[Tokens, random.Random], Renewal] = Renewal
    metadata: Callable[[str], Metadata] = lambda text: (("authorization", f"Bearer {text}"),)
    clock: Callable[[float], float] = lambda now_s: now_s
    attempts: int = 2
    frozen: bool = False
    refusals: RenewOn = UNAUTHENTICATED

    @classmethod
    def of(cls, tokens: Tokens) -> "ClientParts":
        """Return the right client for a scenario's tokens."""

        def metadata(text: str) -> Metadata:
            return carrying(tokens.key, tokens.scheme, text)

        return cls(
            tokens,
            metadata=metadata,
            attempts=2 if tokens.retry_once else 1,
            refusals=RenewOn.of(tokens.renew_on),
        )

    @property
    def patient(self) -> bool:
        """Tell whether it sends again only where the renewal can have another token by now."""
        return self.attempts <= 2
