"""Asks again at once when the issuer gives the same token."""

import random
from dataclasses import dataclass, replace

from harness.tokens.client_parts import ClientParts
from harness.tokens.refresh import Renewal, Tokens
from harness.tokens.token import Token

FINDS = ("LIFE-07", "LIFE-08")


@dataclass
class Impatient(Renewal):
    """The renewal, as it should not be."""

    def arrived(self, token: Token, now_s: float, at_s: float) -> None:
        """Wait for nothing."""
        super().arrived(token, now_s, at_s)
        self.not_before_s, self.margin_s = 0.0, self.tokens.before_s


def change(client: ClientParts) -> ClientParts:
    """Put the renewal in."""
    return replace(client, renewal=_renewal)


def _renewal(tokens: Tokens, dice: random.Random) -> Renewal:
    return Impatient(tokens, dice)
