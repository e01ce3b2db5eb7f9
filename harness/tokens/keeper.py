"""The keeper: one token that several callers share, fetched and renewed by a `Renewal`.

Works under threads and, when the process is patched, under greenlets: it uses `threading` only.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from harness import clock
from harness.errors import TokenError
from harness.results.row import Cause
from harness.tokens.refresh import Decision, Override, Renewal
from harness.tokens.source import TokenSource
from harness.tokens.token import Token

Clock = Callable[[], float]
OnFetch = Callable[[int, int, TokenError | None, float], None]
"""Called with start and end (monotonic ns) of each fetch, its error or None, and the life that its token was given."""


class Grant(NamedTuple):
    """A token to send with, and what the policy decided on the way (the last of them is kept)."""

    token: Token
    decision: Decision


@dataclass
class _Fetch:
    """One fetch that runs beside its caller; ``token`` or ``error`` is there once it is ``over``."""

    over: bool = False
    token: Token | None = None
    error: TokenError | None = None


class Keeper:
    """Give callers a token, by a renewal's decisions.

    ``spawn`` starts a function beside the caller. Every fetch runs so: the call that leads a renewal waits
    for it no longer than its own deadline, and the renewal goes on for those that come after.
    """

    def __init__(self, renewal: Renewal, source: TokenSource, on_fetch: OnFetch, spawn: Callable[..., object]) -> None:
        self._renewal = renewal
        self._source = source
        self._on_fetch = on_fetch
        self._spawn = spawn
        self._changed = threading.Condition(threading.Lock())
        self.on_change: Callable[[], None] | None = None
        """Called when another token is held, or the one held was refused."""

    def granted(self) -> tuple[Token, float] | None:
        """Return the token held and until when, by the client's clock, it is used unasked (`Renewal.granted`)."""
        with self._changed:
            return self._renewal.granted()

    def get(self, now: Clock, until_s: float, override: Override | None = None) -> Grant:
        """Return a token, fetching or waiting as the policy says.

        ``now`` is the client's wall clock; ``until_s`` (monotonic) bounds the wait. Raises
        `TokenError` with the cause when there is none to be had.
        """
        if override is None and (token := self._renewal.usable(now())) is not None:
            return Grant(token, Decision.USE)
        while True:
            with self._changed:
                decision = self._renewal.decide(now(), clock.monotonic(), override)
                token = self._renewal.token
                if decision is Decision.FAIL:
                    # Without its old traceback: each raise would add to it, for as long as the issuer is down.
                    raise (self._renewal.error or _unusable()).with_traceback(None)
                if decision is Decision.WAIT:
                    self._wait(until_s)
                    continue
                if decision is not Decision.USE:
                    self._renewal.began()
            if decision is Decision.FETCH:
                return self._renewed(now, until_s, override)
            if decision is Decision.USE_AND_FETCH:
                self._spawn(self._fetch, _Fetch(), now)
            assert token is not None  # noqa: S101 - every decision that comes here has one
            return Grant(token, decision)

    def _renewed(self, now: Clock, until_s: float, override: Override | None) -> Grant:
        """Fetch; where that fails, return the token held, which may live yet. Source: gRFC A97."""
        fetch = _Fetch()
        self._spawn(self._fetch, fetch, now)
        with self._changed:
            while not fetch.over:
                self._wait(until_s)
            if fetch.token is not None:
                return Grant(fetch.token, Decision.FETCH)
            decision = self._renewal.decide(now(), clock.monotonic(), override)
            token = self._renewal.token
        if decision is not Decision.USE or token is None:
            raise (fetch.error or _broken_off()).with_traceback(None)
        return Grant(token, decision)

    def taken(self, token: Token) -> None:
        """Note that a server took a token."""
        with self._changed:
            self._renewal.taken(token)

    def refused(self, token: Token) -> bool:
        """Note that a server rejected a token; return whether another may be had now."""
        with self._changed:
            renewable = self._renewal.refused(token, clock.monotonic())
        self._tell()
        return renewable

    def _wait(self, until_s: float) -> None:
        left_s = until_s - clock.monotonic()
        if left_s <= 0 or not self._changed.wait(left_s):
            text = "the renewal that this call waited for did not end in time; ask whether the issuer answers"
            raise TokenError(text, "DEADLINE")

    def _fetch(self, fetch: _Fetch, now: Clock) -> None:
        """Fetch a token; what comes of it is kept in the renewal, and recorded."""
        start_ns = clock.monotonic_ns()
        try:
            fetch.token = Token.parse(self._source.fetch(), clock.monotonic())
        except TokenError as caught:
            known = caught.cause in Cause.__members__
            fetch.error = caught if known else TokenError(str(caught), "OTHER", caught.status)
        except Exception as caught:  # noqa: BLE001 - a source that a scenario brought may raise anything
            fetch.error = TokenError(f"the token source raised {type(caught).__name__}; mend its fetch()", "OTHER")
        finally:
            with self._changed:
                if fetch.token is not None:
                    self._renewal.arrived(fetch.token, now(), clock.monotonic())
                else:
                    self._renewal.failed(fetch.error or _broken_off(), clock.monotonic())
                fetch.over = True
                self._changed.notify_all()
            self._tell()
            life_s = math.inf if fetch.token is None else fetch.token.whole_life_s(now())
            self._on_fetch(start_ns, clock.monotonic_ns(), fetch.error, life_s)

    def _tell(self) -> None:
        if self.on_change is not None:
            self.on_change()


def _broken_off() -> TokenError:
    return TokenError("the fetch was broken off; the next call fetches again", "CANCELLED")


def _unusable() -> TokenError:
    text = "the source gave it again, or the server refused those before"
    return TokenError(f"the token held cannot be used, and the next may not be fetched yet: {text}", "SAME_TOKEN")
