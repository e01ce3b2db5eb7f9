"""Refresh tokens that rotate: each is good once, and one that comes a second time ends all that came of it.

Source: RFC 9700, section 4.14.2. They are kept as hashes.
"""

import hashlib
import secrets
from dataclasses import dataclass, field

from harness.lab.issuer.refusal import Refusal
from harness.lab.issuer.token_request import granted


@dataclass(frozen=True)
class RefreshGrant:
    """What a refresh token stands for; ``family`` is shared by all tokens that came of one first grant."""

    client_id: str
    scope: str
    family: int


@dataclass
class RefreshTokens:
    """The refresh tokens that were given."""

    _grants: dict[str, RefreshGrant] = field(default_factory=dict, repr=False)
    _live: dict[int, str] = field(default_factory=dict, repr=False)
    """The one good token of each family that has not ended, by its hash."""
    _families: int = 0

    def first(self, client_id: str, scope: str) -> str:
        """Return the first token of a new family."""
        self._families += 1
        return self._give(RefreshGrant(client_id, scope, self._families))

    def rotate(self, token: str, client_id: str, scope: str = "") -> tuple[str, str]:
        """Trade a token for the scope that it grants, ``scope`` at most, and the next token; raises `Refusal`.

        One that was used before ends its family; a refused scope costs nothing.
        """
        name = _hash(token)
        grant = self._grants.get(name)
        if grant is None or grant.client_id != client_id:
            raise Refusal("invalid_grant", "the refresh token is unknown, or another client's")
        if self._live.get(grant.family) != name:
            self._live.pop(grant.family, None)
            raise Refusal("invalid_grant", "the refresh token was used before, so that all of its family have ended")
        return granted(scope, grant.scope), self._give(grant)

    def _give(self, grant: RefreshGrant) -> str:
        token = f"rt-{secrets.token_urlsafe(32)}"
        name = _hash(token)
        self._grants[name] = grant
        self._live[grant.family] = name
        return token


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
