"""What a tap says, call by call: it knows which token was accepted, and which was refused before.

Tokens stay in memory: what is said of one is its claims and a number.
"""

import hmac
import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

from harness.errors import TokenError
from harness.formatting import duration, plural
from harness.probe.explain_token import Evidence, explain
from harness.results.amounts import amount_s
from harness.results.row import Cause
from harness.tap.keys import IssuerKeys
from harness.tap.seen import SeenCall
from harness.tokens.token import Token

_MOST_TOKENS = 10_000
_NOTABLE_S = 2.0
"""A ``date`` header counts whole seconds, so that less than this says nothing."""


@dataclass
class TokenAccount:
    """Turn calls into lines; ``now_s`` is this machine's wall clock. Not thread-safe."""

    now_s: Callable[[], float]
    keys: IssuerKeys | None = None
    only_rejected: bool = False
    _names: dict[bytes, int] = field(default_factory=dict, repr=False)
    _refused: dict[tuple[int, Cause], int] = field(default_factory=dict)
    _good: Token | None = field(default=None, repr=False)
    _hash_key: bytes = field(default_factory=lambda: os.urandom(32), repr=False)

    def tell(self, call: SeenCall) -> Iterator[str]:
        """Yield the lines of a call that is over."""
        name = self._name(call.token)
        if call.turned_away:
            yield call.line(self._who(call, name))
            yield from (f"    {line}" for line in self._why(call, name))
            return
        if call.answer.code == "OK" and (token := _parsed(call.token)):
            self._good = token
        if not self.only_rejected:
            yield call.line(self._who(call, name))

    def _name(self, token: bytes) -> int:
        """Return a token's number, from 1 in the order of first sight; 0 for none."""
        if not token:
            return 0
        digest = hmac.digest(self._hash_key, token, "sha256")
        if digest not in self._names and len(self._names) >= _MOST_TOKENS:
            self._names.pop(next(iter(self._names)))
        return self._names.setdefault(digest, max(self._names.values(), default=0) + 1)

    def _who(self, call: SeenCall, name: int) -> str:
        if not name:
            return "no token"
        token = _parsed(call.token)
        life = ""
        if token is not None and math.isfinite(token.ends_s):
            left_s = token.ends_s - self.now_s()
            life = f", {duration(left_s)} left" if left_s >= 0 else f", over for {duration(-left_s)}"
        several = f" (the first of {len(call.values)})" if len(call.values) > 1 else ""
        return f"token {name}{several}{life}"

    def _why(self, call: SeenCall, name: int) -> Iterator[str]:
        if not name:
            yield "No token came: no value of the metadata key was sent, or it was empty."
            return
        before = self._refused.get((name, call.cause), 0)
        self._refused[name, call.cause] = before + 1
        if before:
            yield f"Token {name} again, refused for the same reason {plural(before, 'time')} before: nobody renewed it."
            return
        if call.values[0][:7].lower() != b"bearer " and b"." in call.values[0]:
            yield "Its value begins with no “Bearer ”: most servers want that word before the token."
        evidence = Evidence(self.now_s(), answer=call.answer, good=self._good, clock_hint=self._clock(call))
        yield explain(call.token.decode("latin-1"), evidence)
        token = _parsed(call.token)
        if token is not None and self.keys is not None:
            yield self.keys.verdict(token)

    def _clock(self, call: SeenCall) -> str:
        """Return what the answer tells of the verifier's clock, against this machine's."""
        if (said_s := amount_s(call.answer.text)) is not None:
            return f"By the verifier's own words the token was {duration(said_s)} off."
        try:
            ahead_s = parsedate_to_datetime(call.date).timestamp() - self.now_s()
        except (ValueError, OverflowError):
            return "The verifier's clock is not known; jwtstorm probe --signing-key measures it."
        if abs(ahead_s) < _NOTABLE_S:
            return "The service's clock (its date header) agrees with this machine's."
        way = "ahead of" if ahead_s > 0 else "behind"
        return f"The service's clock (its date header) is {duration(abs(ahead_s))} {way} this machine's."


def _parsed(token: bytes) -> Token | None:
    try:
        return Token.parse(token.decode("latin-1"), 0.0)
    except TokenError:
        return None
