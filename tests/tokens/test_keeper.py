import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness import clock
from harness.errors import TokenError
from harness.tokens.keeper import Grant, Keeper
from harness.tokens.refresh import Decision, Renewal, Tokens
from harness.tokens.token import Token
from tests.tokens.craft import NOW_S, jwt_text

BOUND_S = 30.0
"""How long a test waits for what must happen; none waits for time to pass."""
LONG = Tokens(lifetime_s=100, before_s=10, backoff_s=1_000, backoff_max_s=1_000)
CALLERS = 10


def now() -> float:
    return NOW_S


def soon() -> float:
    return clock.monotonic() + BOUND_S


class Source:
    """Gives a new token at each fetch, or raises what it was told to."""

    def __init__(self, life_s: float = 100.0) -> None:
        self.fetched = 0
        self.life_s = life_s
        self.error: BaseException | None = None
        self.before: Callable[[], None] = lambda: None

    def fetch(self) -> str:
        self.before()
        self.fetched += 1
        if self.error is not None:
            raise self.error
        return jwt_text({"exp": NOW_S + self.life_s}, self.fetched)


class Bench:
    """A keeper over a source; fetches are noted, and run at once or, ``deferred``, when `run_spawned` is called."""

    def __init__(self, tokens: Tokens = LONG, source: Source | None = None) -> None:
        self.source = source or Source()
        self.fetches: list[tuple[int, int, TokenError | None]] = []
        self.spawned: list[tuple[Any, ...]] = []
        self.deferred = False
        self.renewal = Renewal(tokens, random.Random(7))
        self.keeper = Keeper(self.renewal, self.source, self._note, self._spawn)

    def get(self, **options: Any) -> Grant:
        return self.keeper.get(options.pop("now", now), options.pop("until_s", soon()), **options)

    def run_spawned(self) -> None:
        for function, *arguments in self.spawned:
            function(*arguments)

    def _spawn(self, function: Callable[..., None], *arguments: Any) -> None:
        if self.deferred:
            self.spawned.append((function, *arguments))
        else:
            function(*arguments)

    def _note(self, start_ns: int, end_ns: int, error: TokenError | None, _: float) -> None:
        self.fetches.append((start_ns, end_ns, error))


def together(bench: Bench) -> list[Grant | TokenError]:
    """Let ten callers ask at once; the first fetch ends when all ten have decided."""
    decided = threading.Semaphore(0)
    start = threading.Barrier(CALLERS)

    def counting_now() -> float:
        decided.release()
        return NOW_S

    def wait_for_all() -> None:
        for _ in range(CALLERS):
            assert decided.acquire(timeout=BOUND_S)

    def call(_: int) -> Grant | TokenError:
        start.wait(BOUND_S)
        try:
            return bench.get(now=counting_now)
        except TokenError as error:
            return error

    bench.source.before = wait_for_all
    with ThreadPoolExecutor(CALLERS) as pool:
        return list(pool.map(call, range(CALLERS)))


def test_ten_callers_share_one_fetch_and_one_token() -> None:
    bench = Bench()
    grants = together(bench)
    tokens = {id(grant.token) for grant in grants if isinstance(grant, Grant)}
    assert bench.source.fetched == 1
    assert len(grants) == CALLERS
    assert len(tokens) == 1
    assert sum(isinstance(grant, Grant) and grant.decision is Decision.FETCH for grant in grants) == 1


def test_ten_callers_share_the_error_of_one_fetch() -> None:
    bench = Bench()
    bench.source.error = TokenError("the issuer answered 503", "UNAVAILABLE", 503)
    errors = together(bench)
    assert bench.source.fetched == 1
    assert [error.cause for error in errors if isinstance(error, TokenError)] == ["UNAVAILABLE"] * CALLERS


def test_without_single_flight_ten_callers_fetch_ten_times() -> None:
    bench = Bench(Tokens(single_flight=False, lifetime_s=100))
    start = threading.Barrier(CALLERS)
    bench.source.before = lambda: void(start.wait(BOUND_S))
    with ThreadPoolExecutor(CALLERS) as pool:
        grants = list(pool.map(lambda _: bench.get(), range(CALLERS)))
    assert bench.source.fetched == len(grants) == CALLERS


def void(_: object) -> None:
    return


def test_a_held_token_costs_no_fetch() -> None:
    bench = Bench()
    first = bench.get()
    second = bench.get()
    assert (first.decision, second.decision) == (Decision.FETCH, Decision.USE)
    assert second.token is first.token
    assert bench.source.fetched == 1


def test_a_background_refresh_runs_beside_the_caller() -> None:
    bench = Bench(Tokens(refresh="background", lifetime_s=100, before_s=60), Source(life_s=100))
    held = bench.get().token
    bench.deferred = True
    grant = bench.get(now=lambda: NOW_S + 55)
    assert grant == Grant(held, Decision.USE_AND_FETCH)
    assert bench.source.fetched == 1
    bench.run_spawned()
    assert bench.get().token is not held
    assert bench.source.fetched == 2


def test_a_background_refresh_that_fails_disturbs_nobody() -> None:
    bench = Bench(Tokens(refresh="background", lifetime_s=100, before_s=60))
    held = bench.get().token
    bench.deferred = True
    bench.source.error = TokenError("down", "UNREACHABLE")
    bench.get(now=lambda: NOW_S + 55)
    bench.run_spawned()
    assert bench.get().token is held


@pytest.mark.parametrize("raised", [ValueError("boom s3cret"), KeyError("s3cret"), RuntimeError(), AssertionError()])
def test_whatever_a_source_raises_becomes_a_token_error_without_its_words(raised: Exception) -> None:
    bench = Bench()
    bench.source.error = raised
    with pytest.raises(TokenError, match=type(raised).__name__) as caught:
        bench.get()
    assert caught.value.cause == "OTHER"
    assert "s3cret" not in str(caught.value)


def test_a_cause_that_is_none_of_ours_becomes_other() -> None:
    bench = Bench()
    bench.source.error = TokenError("the vault is sealed", "SEALED", 503)
    with pytest.raises(TokenError, match="the vault is sealed") as caught:
        bench.get()
    assert (caught.value.cause, caught.value.status) == ("OTHER", 503)


def test_a_fetch_that_is_broken_off_leaves_nobody_waiting() -> None:
    bench = Bench()
    bench.source.error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        bench.get()
    assert bench.renewal.fetching == 0
    with pytest.raises(TokenError, match="broken off") as caught:
        bench.get()
    assert caught.value.cause == "CANCELLED"


def test_a_waiter_whose_time_is_up_gets_a_deadline() -> None:
    bench = Bench()
    bench.renewal.began()
    with pytest.raises(TokenError, match="did not end in time") as caught:
        bench.get(until_s=clock.monotonic())
    assert caught.value.cause == "DEADLINE"


def test_the_call_that_leads_a_renewal_waits_no_longer_than_its_deadline() -> None:
    bench = Bench()
    bench.deferred = True  # an issuer that does not answer
    for _ in range(3):
        with pytest.raises(TokenError, match="did not end in time; ask whether the issuer answers") as caught:
            bench.get(until_s=clock.monotonic())
        assert caught.value.cause == "DEADLINE"
    assert len(bench.spawned) == 1, "all three waited for one renewal"
    bench.run_spawned()
    assert bench.get().decision is Decision.USE
    assert bench.source.fetched == 1


def test_a_renewal_that_its_leader_gave_up_may_fail_and_is_told() -> None:
    bench = Bench()
    bench.deferred = True
    bench.source.error = TokenError("down", "UNREACHABLE")
    with pytest.raises(TokenError):
        bench.get(until_s=clock.monotonic())
    bench.run_spawned()
    with pytest.raises(TokenError, match="down"):
        bench.get()
    assert [error and error.cause for _, _, error in bench.fetches] == ["UNREACHABLE"]


def test_an_error_that_is_raised_again_and_again_does_not_grow() -> None:
    bench = Bench()
    bench.source.error = TokenError("down", "UNREACHABLE")
    lengths = []
    for _ in range(3):
        with pytest.raises(TokenError) as caught:
            bench.get()
        lengths.append(len(caught.traceback))
    assert bench.source.fetched == 1
    assert lengths[1] == lengths[2]


def test_every_fetch_is_told_with_its_times_and_its_error() -> None:
    bench = Bench()
    bench.keeper.taken(bench.get().token)
    bench.keeper.refused(bench.get().token)
    bench.source.error = TokenError("down", "UNREACHABLE")
    with pytest.raises(TokenError):
        bench.get()
    assert [error and error.cause for _, _, error in bench.fetches] == [None, "UNREACHABLE"]
    assert all(start_ns <= end_ns for start_ns, end_ns, _ in bench.fetches)


def test_a_refused_token_is_replaced_before_the_next_call() -> None:
    bench = Bench()
    old = bench.get().token
    bench.keeper.taken(old)
    bench.keeper.refused(old)
    assert bench.get().token is not old
    bench.keeper.refused(old)
    bench.get()
    assert bench.source.fetched == 2


def test_the_same_rejected_token_again_says_so() -> None:
    bench = Bench()
    token = bench.get().token
    bench.source.fetched -= 1
    bench.keeper.taken(token)
    bench.keeper.refused(token)
    again = bench.get().token
    bench.keeper.refused(again)
    with pytest.raises(TokenError, match="the source gave it again"):
        bench.get()


def test_an_override_may_drop_the_token_held() -> None:
    bench = Bench()
    old = bench.get().token

    def drop_old(decision: Decision, token: Token) -> Decision:
        return Decision.FETCH if token is old else decision

    assert bench.get(override=drop_old).token is not old
    assert bench.get(override=drop_old).decision is Decision.USE


def test_a_failed_renewal_leaves_its_own_caller_the_token_that_lives() -> None:
    bench = Bench()
    old = bench.get().token
    bench.source.error = TokenError("down", "UNREACHABLE")
    assert bench.get(now=lambda: NOW_S + 95).token is old
    assert len(bench.fetches) == 2
    with pytest.raises(TokenError, match="down"):
        bench.get(now=lambda: NOW_S + 101)


def test_whoever_hands_out_the_token_unasked_hears_of_each_change() -> None:
    bench = Bench()
    heard: list[tuple[Token, float] | None] = []
    bench.keeper.on_change = lambda: heard.append(bench.keeper.granted())
    token = bench.get().token
    assert [one and one[0] for one in heard] == [token]
    bench.keeper.refused(token)
    assert heard[1:] == [None]
