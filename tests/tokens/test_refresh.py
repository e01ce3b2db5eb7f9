import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.clock import ManualClock
from harness.errors import TokenError
from harness.tokens.refresh import POLICIES, Decision, Override, Renewal, Tokens, settings
from harness.tokens.token import Token
from tests.tokens.craft import NOW_S, token

TOKENS = Tokens(lifetime_s=100, before_s=10, backoff_s=0.2, backoff_max_s=5.0)
DOWN = TokenError("the issuer cannot be reached", "UNREACHABLE")


class Bench:
    """A renewal on a clock that is moved by hand; both clocks of the client move together."""

    def __init__(self, tokens: Tokens = TOKENS, seed: int = 7) -> None:
        self.clock = ManualClock()
        self.renewal = Renewal(tokens, random.Random(seed))

    def decide(self, override: Override | None = None) -> Decision:
        return self.renewal.decide(NOW_S + self.clock.now_s, self.clock.now_s, override)

    def fetched(self, life_s: float = 100.0, serial: int = 1) -> None:
        """Carry one fetch through; the token lives ``life_s`` from `NOW_S`."""
        self.renewal.began()
        self.renewal.arrived(token(life_s, serial, self.clock.now_s), NOW_S + self.clock.now_s, self.clock.now_s)

    def failed(self, error: TokenError = DOWN) -> float:
        """Carry one fetch to its failure; return the seconds until the next may begin."""
        self.renewal.began()
        self.renewal.failed(error, self.clock.now_s)
        return self.renewal.not_before_s - self.clock.now_s


def held(life_s: float = 100.0, tokens: Tokens = TOKENS) -> Bench:
    bench = Bench(tokens)
    bench.fetched(life_s)
    return bench


@pytest.mark.parametrize("refresh", sorted(POLICIES))
def test_without_a_token_the_first_caller_fetches(refresh: str) -> None:
    assert Bench(replace(TOKENS, refresh=refresh)).decide() is Decision.FETCH


@pytest.mark.parametrize("refresh", sorted(POLICIES))
def test_a_fresh_token_is_used(refresh: str) -> None:
    assert held(tokens=replace(TOKENS, refresh=refresh)).decide() is Decision.USE


def test_ten_waiters_share_one_refresh() -> None:
    bench = Bench()
    decisions = []
    for _ in range(10):
        decisions.append(bench.decide())
        if decisions[-1] is Decision.FETCH:
            bench.renewal.began()
    assert decisions == [Decision.FETCH, *[Decision.WAIT] * 9]
    bench.renewal.arrived(token(), NOW_S, 0.0)
    assert [bench.decide() for _ in range(10)] == [Decision.USE] * 10


def test_without_single_flight_each_caller_fetches() -> None:
    bench = Bench(replace(TOKENS, single_flight=False))
    decisions = []
    for _ in range(10):
        decisions.append(bench.decide())
        bench.renewal.began()
    assert decisions == [Decision.FETCH] * 10


def test_while_one_renews_the_others_use_what_still_lives() -> None:
    bench = held()
    bench.clock.advance(95)
    assert bench.decide() is Decision.FETCH
    bench.renewal.began()
    assert bench.decide() is Decision.USE
    bench.clock.advance(5)
    assert bench.decide() is Decision.WAIT


def test_proactive_refresh_begins_at_the_margin_and_not_before() -> None:
    bench = held()
    bench.clock.advance(89.999)
    assert bench.decide() is Decision.USE
    bench.clock.advance(0.001)
    assert bench.decide() is Decision.FETCH


def test_background_refresh_uses_the_token_and_fetches_beside_it() -> None:
    bench = held(tokens=replace(TOKENS, refresh="background"))
    bench.clock.advance(90)
    assert bench.decide() is Decision.USE_AND_FETCH
    bench.renewal.began()
    assert bench.decide() is Decision.USE


def test_background_refresh_waits_for_a_fetch_once_the_token_is_dead() -> None:
    bench = held(tokens=replace(TOKENS, refresh="background"))
    bench.clock.advance(100)
    assert bench.decide() is Decision.FETCH
    bench.renewal.began()
    assert bench.decide() is Decision.WAIT


@given(st.floats(0, 1e9))
def test_reactive_refresh_never_looks_at_the_clock(later_s: float) -> None:
    bench = held(tokens=replace(TOKENS, refresh="reactive"))
    bench.clock.advance(later_s)
    assert bench.decide() is Decision.USE


def test_a_rejected_token_is_fetched_anew() -> None:
    bench = held(tokens=replace(TOKENS, refresh="reactive"))
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    bench.renewal.refused(bench.renewal.token, bench.clock())
    assert bench.decide() is Decision.FETCH


def test_a_rejection_of_a_token_that_was_replaced_is_forgotten() -> None:
    bench = held()
    old = bench.renewal.token
    assert old is not None
    bench.fetched(serial=2)
    bench.renewal.taken(old)
    bench.renewal.refused(old, bench.clock())
    assert bench.decide() is Decision.USE


def test_a_new_token_ends_the_rejection_of_the_old_one() -> None:
    bench = held()
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    bench.renewal.refused(bench.renewal.token, bench.clock())
    bench.fetched(serial=2)
    assert bench.decide() is Decision.USE


@given(st.integers(0, 2**32))
def test_each_failure_doubles_the_backoff_with_jitter_inside_its_bounds(seed: int) -> None:
    bench = Bench(seed=seed)
    for full_s in (0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0):
        assert full_s / 2 <= bench.failed() <= full_s


def test_two_clients_do_not_come_back_at_the_same_moment() -> None:
    assert Bench(seed=1).failed() != Bench(seed=2).failed()


def test_the_backoff_stays_at_its_maximum_however_many_fetches_fail() -> None:
    bench = Bench(replace(TOKENS, single_flight=False))
    for _ in range(1_200):
        waited_s = bench.failed()
    assert 2.5 <= waited_s <= 5.0


def test_during_the_backoff_callers_fail_and_after_it_one_fetches() -> None:
    bench = Bench()
    waited_s = bench.failed()
    bench.clock.advance(waited_s * 0.99)
    assert bench.decide() is Decision.FAIL
    bench.clock.advance(waited_s * 0.02)
    assert bench.decide() is Decision.FETCH


def test_during_the_backoff_a_living_token_is_still_used() -> None:
    bench = held()
    bench.clock.advance(95)
    bench.failed()
    assert bench.decide() is Decision.USE


def test_a_rejected_token_is_not_used_during_the_backoff() -> None:
    bench = held()
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    bench.renewal.refused(bench.renewal.token, bench.clock())
    bench.failed()
    assert bench.decide() is Decision.FAIL


def test_a_success_ends_the_backoff_and_forgets_the_failures() -> None:
    bench = Bench()
    bench.failed()
    bench.failed()
    bench.fetched()
    assert bench.renewal.error is None
    assert 0.1 <= bench.failed() <= 0.2


def test_retry_after_is_respected_where_it_is_longer_than_the_backoff() -> None:
    assert Bench().failed(TokenError("slow down", "RATE_LIMITED", 429, 30.0)) == 30.0
    assert 0.1 <= Bench().failed(TokenError("slow down", "RATE_LIMITED", 429, 0.01)) <= 0.2


def test_the_same_token_again_starts_a_backoff() -> None:
    bench = held()
    bench.clock.advance(95)
    bench.fetched(serial=1)
    assert bench.decide() is Decision.USE
    bench.clock.advance(5)
    assert bench.decide() is Decision.FETCH
    bench.fetched(serial=1)
    assert bench.decide() is Decision.FAIL
    bench.clock.advance(TOKENS.backoff_s)
    assert bench.decide() is Decision.FETCH


def test_the_same_token_again_is_asked_for_no_later_than_it_dies() -> None:
    bench = held()
    bench.clock.advance(100 - TOKENS.backoff_s / 4)
    bench.fetched(serial=1)
    bench.clock.advance(TOKENS.backoff_s / 4)
    assert bench.decide() is Decision.FETCH


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(-100, 1e6), st.integers(0, 2**32))
def test_the_margin_is_never_above_half_the_life(before_s: float, jitter_s: float, life_s: float, seed: int) -> None:
    bench = Bench(replace(TOKENS, before_s=before_s, jitter_s=jitter_s), seed)
    bench.fetched(life_s)
    left_s = token(life_s).life_s(NOW_S)
    assert 0 <= bench.renewal.margin_s <= max(left_s, 0) / 2
    assert bench.renewal.margin_s <= before_s + jitter_s


def test_a_token_that_says_no_end_is_never_renewed_by_the_clock() -> None:
    bench = held(float("inf"))
    bench.clock.advance(1e9)
    assert bench.decide() is Decision.USE


def drop(_: Decision, __: Token) -> Decision:
    return Decision.FETCH


def keep(_: Decision, __: Token) -> Decision:
    return Decision.USE


def test_a_caller_that_drops_its_token_fetches_and_the_others_join() -> None:
    bench = held()
    assert bench.decide(drop) is Decision.FETCH
    bench.renewal.began()
    assert bench.decide(drop) is Decision.WAIT


def test_a_caller_that_drops_its_token_still_keeps_to_the_backoff() -> None:
    bench = held()
    waited_s = bench.failed()
    assert bench.decide(drop) is Decision.FAIL
    bench.clock.advance(waited_s)
    assert bench.decide(drop) is Decision.FETCH


def test_within_the_margin_an_override_that_changes_nothing_drops_nothing() -> None:
    bench = held()
    bench.clock.advance(95)
    bench.renewal.began()
    assert bench.decide(lambda decision, _: decision) is Decision.USE


def test_a_caller_that_never_renews_uses_even_a_rejected_token() -> None:
    bench = held()
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    bench.renewal.refused(bench.renewal.token, bench.clock())
    assert bench.decide(keep) is Decision.USE


def test_without_a_token_there_is_nothing_to_override() -> None:
    assert Bench().decide(keep) is Decision.FETCH


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"refresh": "sometimes"}, "refresh='sometimes'"),
        ({"lifetime_s": 0}, "lifetime_s=0"),
        ({"callers": 0}, "callers=0"),
        ({"backoff_s": 0.0}, "backoff_s=0.0"),
        ({"before_s": -1}, "before_s=-1"),
        ({"jitter_s": float("nan")}, "jitter_s=nan"),
        ({"key": "Authorization"}, "key='Authorization'"),
        ({"key": ""}, "key=''"),
        ({"key": "x token"}, "key='x token'"),
        ({"key": "grpc-token"}, "key='grpc-token' is a key of gRPC's own"),
        ({"scheme": "Beärer"}, "U+00E4 at character 3"),
        ({"scheme": "Bearer\n"}, "U+000A at character 7"),
        ({"backoff_max_s": 0.1}, "backoff_max_s=0.1"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, object], named: str) -> None:
    (sentence,) = replace(Tokens(), **wrong).mistakes()  # type: ignore[arg-type]
    assert sentence.startswith("tokens: ")
    assert named in sentence


def test_all_wrong_settings_are_named_at_once() -> None:
    assert len(Tokens(refresh="never", lifetime_s=0, before_s=-1, key="Key").mistakes()) == 4


def test_settings_hold_every_field() -> None:
    assert Tokens(**settings(TOKENS)) == TOKENS


def refuse_new(bench: Bench) -> bool:
    """Refuse the token held, which no server has taken; return whether another may be had now."""
    assert bench.renewal.token is not None
    return bench.renewal.refused(bench.renewal.token, bench.clock())


def test_one_new_token_that_is_refused_is_replaced_at_once() -> None:
    bench = held()
    assert refuse_new(bench)
    assert bench.decide() is Decision.FETCH


def test_after_two_new_tokens_that_were_refused_the_next_is_fetched_with_backoff() -> None:
    bench = held()
    refuse_new(bench)
    bench.fetched(serial=2)
    assert not refuse_new(bench)
    assert bench.decide() is Decision.USE
    bench.clock.advance(bench.renewal.tokens.backoff_s)
    assert bench.decide() is Decision.FETCH


def test_refusals_of_new_tokens_double_the_backoff_until_one_is_taken() -> None:
    bench = held()
    refuse_new(bench)
    for serial, full_s in enumerate((0.2, 0.4, 0.8), start=2):
        bench.fetched(serial=serial)
        refuse_new(bench)
        assert full_s / 2 <= bench.renewal.not_before_s - bench.clock() <= full_s
        bench.clock.advance(full_s)
    bench.fetched(serial=9)
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    assert refuse_new(bench)
    assert bench.decide() is Decision.FETCH


def test_many_callers_refused_with_one_token_count_once() -> None:
    bench = held()
    for _ in range(50):
        refuse_new(bench)
    assert bench.renewal.refusals == 1


def test_a_refused_token_that_becomes_good_is_kept() -> None:
    bench = held()
    refuse_new(bench)
    bench.fetched(serial=2)
    refuse_new(bench)
    assert bench.renewal.token is not None
    bench.renewal.taken(bench.renewal.token)
    assert bench.decide() is Decision.USE


@given(
    refresh=st.sampled_from(sorted(POLICIES)),
    life_s=st.floats(1, 1000),
    before_s=st.floats(0, 500),
    at_s=st.floats(-10, 1100),
)
def test_a_token_is_used_unasked_exactly_while_the_policy_says_use(
    refresh: str, life_s: float, before_s: float, at_s: float
) -> None:
    renewal = held(life_s, replace(TOKENS, refresh=refresh, before_s=before_s)).renewal
    granted = renewal.granted()
    assert granted is not None
    assert granted[0] is renewal.token
    now_s = NOW_S + at_s
    if abs(now_s - granted[1]) > 1e-6:  # at the very edge seconds since 1970 are too coarse
        assert (now_s < granted[1]) == (renewal.usable(now_s) is not None)


def test_a_refused_token_is_granted_to_nobody() -> None:
    bench = held()
    assert bench.renewal.token is not None
    bench.renewal.refused(bench.renewal.token, 0.0)
    assert bench.renewal.granted() is None
    assert Bench().renewal.granted() is None
