"""A rehearsal: the clients of one process against an issuer and a verifier, in simulated time.

It drives a refresh policy through hours in milliseconds, and counts. No I/O, no sleep; the same
seed gives the same run.
"""

import heapq
import random
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count

from harness.errors import TokenError
from harness.tokens.client_parts import MOST_ATTEMPTS, ClientParts
from harness.tokens.refresh import Decision
from harness.tokens.token import Token

_WAIT_S = 0.01
_PATIENCE_S = 2.0

Life = Generator[float, None, None]


@dataclass(frozen=True)
class Script:
    """What happens to the clients; times in seconds from the start."""

    duration_s: float = 180.0
    calls_per_s: float = 20.0
    life_s: float = 60.0
    on_the_way_s: float = 0.02
    queued_s: float = 0.0
    fetch_s: float = 0.2
    down_from_s: float = -1.0
    down_until_s: float = -1.0
    skew_s: float = 0.0
    same_token: bool = False
    refuse_all: bool = False


@dataclass
class RehearsalCounts:
    """What came of it."""

    calls: int = 0
    failed: int = 0
    failed_at_s: list[float] = field(default_factory=list)
    slowest_failure_s: float = 0.0
    attempts: Counter[int] = field(default_factory=Counter)
    """Calls by the number of times they were sent."""
    fetches: int = 0
    most_at_once: int = 0


class Rehearsal:
    """One run of a script."""

    def __init__(self, parts: ClientParts, script: Script, seed: int = 1) -> None:
        self._parts, self._script = parts, script
        self._renewal = parts.renewal(parts.tokens, random.Random(seed))
        self._now_s = 0.0
        self._fetching = 0
        self._serials = count(1)
        self._order = count()
        self._agenda: list[tuple[float, int, Life]] = []
        self._issued: Token | None = None
        self.tally = RehearsalCounts()

    def run(self) -> RehearsalCounts:
        """Play the script to its end."""
        script = self._script
        for number in range(int(script.duration_s * script.calls_per_s)):
            self._begin(number / script.calls_per_s, self._call())
        while self._agenda:
            self._now_s, _, life = heapq.heappop(self._agenda)
            for delay_s in life:
                self._begin(self._now_s + delay_s, life)
                break
        return self.tally

    def _begin(self, at_s: float, life: Life) -> None:
        heapq.heappush(self._agenda, (at_s, next(self._order), life))

    def _client_s(self) -> float:
        return self._parts.clock(self._now_s + self._script.skew_s)

    def _call(self) -> Life:
        began_s, sent, accepted = self._now_s, 0, False
        token = yield from self._obtain()
        kept = token
        yield self._script.queued_s
        while token is not None and sent < min(self._parts.attempts, MOST_ATTEMPTS):
            if not self._parts.frozen:
                token = yield from self._obtain()
                if token is None:
                    break
            sent += 1
            yield self._script.on_the_way_s
            accepted = not self._script.refuse_all and token.ends_s > self._now_s
            if accepted:
                self._renewal.taken(token)
                break
            more = self._renewal.refused(token, self._now_s)
            if not more and self._parts.patient:
                break
            token = kept if self._parts.frozen else token
        self._count(began_s, sent, accepted=accepted)

    def _obtain(self) -> Generator[float, None, Token | None]:
        until_s = self._now_s + _PATIENCE_S
        while self._now_s < until_s:
            decision = self._renewal.decide(self._client_s(), self._now_s)
            if decision is Decision.USE:
                return self._renewal.token
            if decision is Decision.FAIL:
                return None
            if decision is Decision.WAIT:
                yield _WAIT_S
                continue
            self._renewal.began()
            if decision is Decision.USE_AND_FETCH:
                self._begin(self._now_s, self._fetch())
                return self._renewal.token
            yield from self._fetch()  # where it fails, the next decision is to use what lives, or to give up
        return None

    def _fetch(self) -> Life:
        tally, script = self.tally, self._script
        tally.fetches += 1
        self._fetching += 1
        tally.most_at_once = max(tally.most_at_once, self._fetching)
        yield script.fetch_s
        self._fetching -= 1
        if script.down_from_s <= self._now_s < script.down_until_s:
            self._renewal.failed(TokenError("the issuer is down", "UNREACHABLE"), self._now_s)
        else:
            self._renewal.arrived(self._mint(), self._client_s(), self._now_s)

    def _mint(self) -> Token:
        old = self._issued
        if not (self._script.same_token and old and old.ends_s > self._now_s):
            text = f"token-{next(self._serials)}"
            self._issued = Token(text, self._now_s, {}, {}, self._now_s, self._now_s + self._script.life_s)
        assert self._issued  # noqa: S101 - set above
        return self._issued

    def _count(self, began_s: float, sent: int, *, accepted: bool) -> None:
        tally = self.tally
        tally.calls += 1
        tally.attempts[sent] += 1
        if not accepted:
            tally.failed += 1
            tally.failed_at_s.append(began_s)
            tally.slowest_failure_s = max(tally.slowest_failure_s, self._now_s - began_s - self._script.queued_s)
