"""What a token fetched this moment tells of two clocks: the issuer's and this machine's."""

import logging
from dataclasses import dataclass, field

from harness import clock
from harness.tokens.source import TokenSource
from harness.tokens.token import Token, numeric_date

logger = logging.getLogger("jwtstorm")

SLACK_S = 1.0
"""NumericDates are whole seconds mostly, and a fetch takes time: less is no sign of anything."""


def doubt(token: Token, now_s: float) -> str | None:
    """Return what is wrong with the times of a token fetched now, or None.

    ``now_s`` is this machine's wall clock, in seconds since the epoch.
    """
    issued_s = numeric_date(token.claims, "iat", now_s)
    if token.ends_s <= now_s:
        what = f"is expired since {now_s - token.ends_s:.0f} s"
    elif token.begins_s > now_s + SLACK_S:
        what = f"is not valid for another {token.begins_s - now_s:.0f} s"
    elif issued_s > now_s + SLACK_S:
        what = f"was issued {issued_s - now_s:.0f} s in the future"
    else:
        return None
    return f"a token fetched just now {what} by this machine's clock; set the clocks, or have the source give a new one"


MOST_LEEWAY_S = 300.0
"""No verifier in use forgives more by default: Spring and Envoy a minute, Microsoft's five."""


def dead(token: Token, now_s: float) -> str | None:
    """Return why no verifier would take a token that was fetched now, or None."""
    if token.ends_s <= now_s:
        return f"is expired since {now_s - token.ends_s:.0f} s"
    if token.begins_s > now_s + MOST_LEEWAY_S:
        return f"is not valid for another {token.begins_s - now_s:.0f} s"
    return None


@dataclass
class Vetted:
    """A source whose first doubtful token is named in the log; every token goes on as it came."""

    source: TokenSource
    warned: set[str] = field(default_factory=set)

    def fetch(self) -> str:
        """Return what the source gives."""
        text = self.source.fetch()
        if not self.warned:
            found = doubt(Token.parse(text, clock.monotonic()), clock.wall())
            if found:
                self.warned.add(found)
                logger.warning("%s", found)
        return text

    def for_user(self, name: str) -> "Vetted":
        """Return the source of one user's tokens, where the source tells users apart."""
        of_user = getattr(self.source, "for_user", None)
        return Vetted(of_user(name), self.warned) if of_user else self
