"""Renews ten seconds before the end, of tokens that live five: on every request."""

import random
from dataclasses import dataclass, replace

from harness.tokens.client_parts import ClientParts
from harness.tokens.refresh import Renewal, Tokens
from harness.tokens.token import Token

FINDS = ("LIFE-07", "LIFE-08")


@dataclass
class Eager(Renewal):
    """The renewal, as it should not be."""

    def arrived(self, token: Token, now_s: float, at_s: float) -> None:
        """Keep the margin, however short the life."""
        super().arrived(token, now_s, at_s)
        self.margin_s = self.tokens.before_s


def change(client: ClientParts) -> ClientParts:
    """Put the renewal in."""
    return replace(client, renewal=_renewal)


def _renewal(tokens: Tokens, dice: random.Random) -> Renewal:
    return Eager(tokens, dice)
