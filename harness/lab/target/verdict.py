"""What a verifier is told, and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.results.row import Cause

CHECKED_ONCE = "checked once"
CUT_AT_EXPIRY = "cut at expiry"
STREAM_POLICIES = (CHECKED_ONCE, CUT_AT_EXPIRY)
"""What a target may declare of its streams. Most judge a token when its stream begins, and never again; others
end a stream with UNAUTHENTICATED when its token expires, or is revoked. Both are right, when declared."""


@dataclass(frozen=True)
class VerifierSettings:
    """What the verifier demands.

    Each key has one algorithm, and the key set holds allowed ones only. Tokens of a generation up
    to ``expired_through`` or ``revoked_through`` are turned away (``jti`` is ``<generation>-…``).
    """

    issuer: str
    audience: str
    required: tuple[str, ...] = ("iss", "sub", "aud", "exp", "iat")
    leeway_s: float = 0.0
    expired_through: int | None = None
    revoked_through: int | None = None


@dataclass(frozen=True)
class TokenVerdict:
    """What the verifier says: `Cause.OK`, or why not.

    ``claims`` are those of a token with a good signature; ``kid`` is the key that was not found.
    """

    cause: Cause
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    kid: str | None = None


class Rejected(Exception):  # noqa: N818 - a verdict on its way up, caught in the verifier
    """A step that says no; ``verdict`` is what the verifier answers."""

    def __init__(self, cause: Cause, kid: str | None = None) -> None:
        super().__init__(cause.name)
        self.verdict = TokenVerdict(cause, kid=kid)
