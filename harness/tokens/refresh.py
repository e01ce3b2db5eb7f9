"""Refresh policies: when to use a token, and when to fetch another. Logic without I/O.

A policy says what it wants of one token at one moment; a `Renewal` holds the state around it
(who is fetching, back-off, rejection). The client (`harness.tokens.keeper`) does the waiting and
the fetching; unit tests drive both by hand. A policy registers itself by being defined.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from harness.endpoint.metadata import key_mistakes, text_mistakes
from harness.errors import TokenError
from harness.tokens import renew_on
from harness.tokens.token import Token
from harness.validation import is_number, not_negative, of_kind, one_of, positive, whole

MAX_DOUBLINGS = 32
"""Failures beyond which a back-off grows no more: without single-flight a thousand fail in one second."""


class Decision(StrEnum):
    """What a caller does next."""

    USE = "use"
    """Send with the token held."""
    FETCH = "fetch"
    """Fetch a token, then send with it."""
    WAIT = "wait"
    """Somebody is fetching: wait, then ask again."""
    USE_AND_FETCH = "use_and_fetch"
    """Send with the token held, and have another fetched meanwhile."""
    FAIL = "fail"
    """No token, and none may be fetched yet."""


@dataclass(frozen=True)
class Tokens:
    """How the clients of a scenario hold and renew tokens.

    ``lifetime_s`` is what the lab's issuer mints; ``callers`` users share one token, as the calls
    of one client process do. Refresh starts ``before_s`` + U(0, ``jitter_s``) seconds before the
    token's end, but never earlier than half its life. With ``single_flight`` all waiters share one
    renewal. After a failed fetch the next waits ``backoff_s``, doubled up to ``backoff_max_s``, times
    U(0.5, 1). ``renew_on`` names the answers that refuse a token: codes, and texts that outweigh the code
    (``renew_on=("PERMISSION_DENIED", "Signature has expired")``); ``retry_once`` sends a call again, with a new token,
    after one of them. ``key`` and ``scheme`` are the metadata entry, as bytes where the key ends in ``-bin``; an empty
    scheme sends the bare token. ``allow_expired`` begins a run although its first token is expired, or not valid for
    minutes yet.
    """

    lifetime_s: float = 300.0
    refresh: str = "proactive"
    before_s: float = 10.0
    jitter_s: float = 0.0
    callers: int = 1
    single_flight: bool = True
    retry_once: bool = True
    backoff_s: float = 0.2
    backoff_max_s: float = 5.0
    key: str = "authorization"
    scheme: str = "Bearer"
    allow_expired: bool = False
    renew_on: tuple[str, ...] = renew_on.DEFAULT

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each."""
        found = one_of("tokens", "refresh", self.refresh, tuple(POLICIES))
        found += positive("tokens", lifetime_s=self.lifetime_s, backoff_s=self.backoff_s)
        found += whole("tokens", 1, callers=self.callers)
        found += not_negative("tokens", before_s=self.before_s, jitter_s=self.jitter_s)
        found += of_kind(
            "tokens", bool, "give True or False", single_flight=self.single_flight, retry_once=self.retry_once
        )
        found += of_kind("tokens", bool, "give True or False", allow_expired=self.allow_expired)
        found += renew_on.renew_on_mistakes(self.renew_on)
        found += key_mistakes("tokens: key", self.key) + text_mistakes("tokens: scheme", self.scheme)
        if not is_number(self.backoff_max_s):
            found.append(f"tokens: backoff_max_s={self.backoff_max_s!r} must be a number of backoff_s or more")
        elif is_number(self.backoff_s) and self.backoff_max_s < self.backoff_s:
            found.append(f"tokens: backoff_max_s={self.backoff_max_s:g} is below backoff_s={self.backoff_s:g}")
        return found


class Policy:
    """When a living token should be replaced; the base never replaces one."""

    due: ClassVar[Decision] = Decision.USE
    """What a caller does once the margin has begun."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        POLICIES[cls.__name__.lower()] = cls

    def decide(self, token: Token, now_s: float, margin_s: float) -> Decision:
        """Return what to do with a token that nobody has rejected; ``now_s`` is the client's clock."""
        life_s = token.life_s(now_s)
        if life_s <= 0:
            return Decision.FETCH
        return self.due if life_s <= margin_s else Decision.USE

    def use_until_s(self, token: Token, margin_s: float) -> float:
        """Return until when, by the client's clock, `decide` says USE of a token."""
        return token.ends_s - max(margin_s, 0.0)


POLICIES: dict[str, type[Policy]] = {}


class Reactive(Policy):
    """Use a token until a server rejects it."""

    def decide(self, token: Token, now_s: float, margin_s: float) -> Decision:
        """Return USE whatever the clock says."""
        del token, now_s, margin_s
        return Decision.USE

    def use_until_s(self, token: Token, margin_s: float) -> float:
        """Return for ever."""
        del token, margin_s
        return math.inf


class Proactive(Policy):
    """The first caller within the margin fetches before it sends; the others use what they hold."""

    due: ClassVar[Decision] = Decision.FETCH


class Background(Policy):
    """Within the margin a fetch runs in the background; nobody waits while the token lives."""

    due: ClassVar[Decision] = Decision.USE_AND_FETCH


Override = Callable[[Decision, Token], Decision]
"""Changes a policy's decision about the token held: the seam of per-call faults."""


@dataclass
class Renewal:
    """The state of one token that several callers share.

    Not thread-safe: the keeper holds its lock around every method. ``now_s`` is always the
    client's wall clock, ``at_s`` the monotonic one.
    """

    tokens: Tokens
    dice: random.Random
    token: Token | None = None
    rejected: bool = False
    fetching: int = 0
    accepted: bool = False
    """Whether a server has taken the token held."""
    refusals: int = 0
    """Refusals in a row of tokens that no server had taken."""
    failures: int = 0
    not_before_s: float = 0.0
    error: TokenError | None = None
    margin_s: float = field(default=0.0, init=False)
    _policy: Policy = field(init=False)

    def __post_init__(self) -> None:
        self._policy = POLICIES[self.tokens.refresh]()

    def usable(self, now_s: float) -> Token | None:
        """Return the token held where `decide` would say USE for the policy's own reasons; needs no lock.

        It reads the token once: whatever is renewed meanwhile, the token that was judged is returned.
        """
        token = self.token
        if token is None or self.rejected or self._policy.decide(token, now_s, self.margin_s) is not Decision.USE:
            return None
        return token

    def granted(self) -> tuple[Token, float] | None:
        """Return the token held and until when, by the client's clock, it is used unasked; None where it is not."""
        if self.token is None or self.rejected:
            return None
        return self.token, self._policy.use_until_s(self.token, self.margin_s)

    def decide(self, now_s: float, at_s: float, override: Override | None = None) -> Decision:
        """Return what the caller does next.

        ``override`` may change what the policy wants of the token held; where it wants another
        one, the caller has dropped the one it holds.
        """
        usable = self.token is not None and not self.rejected
        wanted = self._wanted(now_s)
        if override is not None and self.token is not None:
            policy, wanted = wanted, override(wanted, self.token)
            usable = usable and (policy is wanted or wanted is not Decision.FETCH)
        if wanted is Decision.USE:
            return wanted
        if self.fetching and self.tokens.single_flight:
            return Decision.USE if usable and self._lives(now_s) else Decision.WAIT
        if at_s < self.not_before_s:
            # A token that was never taken may yet become good: the server says, call by call.
            return Decision.USE if (usable or self.refusals > 1) and self._lives(now_s) else Decision.FAIL
        return wanted

    def began(self) -> None:
        """Note that a fetch has begun."""
        self.fetching += 1

    def arrived(self, token: Token, now_s: float, at_s: float) -> None:
        """Take a new token; the margin is drawn anew, and the same token again starts a back-off."""
        self.fetching -= 1
        same = self.token is not None and self.token.text == token.text
        self.token, self.rejected, self.accepted, self.failures, self.error = token, False, False, 0, None
        life_s = token.life_s(now_s)  # a token that dies sooner than the back-off ends is worth asking for again
        pause_s = min(self.tokens.backoff_s, life_s) if life_s > 0 else self.tokens.backoff_s
        self.not_before_s = at_s + pause_s if same else 0.0
        wished = self.tokens.before_s + self.dice.random() * self.tokens.jitter_s
        self.margin_s = min(wished, max(0.0, life_s) / 2)

    def failed(self, error: TokenError, at_s: float) -> None:
        """Note a failed fetch; the next may begin after the back-off, or when the issuer says."""
        self.fetching -= 1
        self.error = error
        self.not_before_s = at_s + max(error.retry_after_s, self._backoff_s(self.failures))
        self.failures += 1

    def taken(self, token: Token) -> None:
        """Note that a server took a token: whatever was held against it is over."""
        if self.token is token and not self.accepted:
            self.accepted, self.rejected, self.refusals, self.not_before_s = True, False, 0, 0.0

    def refused(self, token: Token, at_s: float) -> bool:
        """Note that a server rejected a token; return whether another may be had now.

        A token that was replaced meanwhile is forgotten. After two in a row that no server ever
        took, the next is fetched with back-off: it would fare no better (a clock ahead, a wrong
        audience).
        """
        if self.token is not token:
            return True
        if not self.rejected and not self.accepted:
            if self.refusals:
                self.not_before_s = at_s + self._backoff_s(self.refusals - 1)
            self.refusals += 1
        self.rejected = True
        return at_s >= self.not_before_s

    def _backoff_s(self, failed: int) -> float:
        backoff_s = min(self.tokens.backoff_s * 2.0 ** min(failed, MAX_DOUBLINGS), self.tokens.backoff_max_s)
        return backoff_s * (0.5 + self.dice.random() / 2)

    def _wanted(self, now_s: float) -> Decision:
        if self.token is None or self.rejected:
            return Decision.FETCH
        return self._policy.decide(self.token, now_s, self.margin_s)

    def _lives(self, now_s: float) -> bool:
        return self.token is not None and self.token.life_s(now_s) > 0


def settings(tokens: Tokens) -> dict[str, Any]:
    """Return the settings as ``run.json`` holds them; those that older builds lack are there where they were given."""
    every = {name: getattr(tokens, name) for name in Tokens.__dataclass_fields__}
    later = {"allow_expired": False, "renew_on": renew_on.DEFAULT}
    return {name: value for name, value in every.items() if name not in later or value != later[name]}
