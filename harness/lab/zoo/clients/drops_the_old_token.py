"""Throws its token away when the next cannot be had."""

import random
from dataclasses import dataclass, replace

from harness.errors import TokenError
from harness.tokens.client_parts import ClientParts
from harness.tokens.refresh import Renewal, Tokens

FINDS = ("LIFE-06",)


@dataclass
class Hasty(Renewal):
    """The renewal, as it should not be."""

    def failed(self, error: TokenError, at_s: float) -> None:
        """Forget the token."""
        super().failed(error, at_s)
        self.token = None


def change(client: ClientParts) -> ClientParts:
    """Put the renewal in."""
    return replace(client, renewal=_renewal)


def _renewal(tokens: Tokens, dice: random.Random) -> Renewal:
    return Hasty(tokens, dice)
