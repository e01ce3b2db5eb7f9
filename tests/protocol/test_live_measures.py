from collections import Counter
from typing import Any

import pytest

from harness.calls.attempt import Arrival, Attempt
from harness.protocol.live_measures import (
    TURNED_AWAY,
    Renewals,
    Tallied,
    Told,
    measures_so_far,
    poisoned_in,
    progress_line,
)
from harness.results.proportion import Share
from harness.results.row import Cause, Origin
from harness.tokens.token import Token
from tests.calls.fake_transport import Bench, Transport

NOW_S = 1_800_000_000.0
EARLY = Renewals(holders=5, life_s=10, now_s=4)
LATE = Renewals(holders=5, life_s=10, now_s=40)


def attempt(
    *, life_s: float = 5, took_s: float = 0.1, origin: Origin = Origin.NONE, cause: Cause = Cause.OK, **more: Any
) -> Attempt:
    token = Token("x", 0.0, {}, {}, NOW_S - 10, NOW_S + life_s)
    made = Attempt(Arrival(1, 0, 0), 0, 0, "/a/B", 0, round(took_s * 1e9), token=token, now_s=NOW_S)
    made.origin, made.cause = origin, cause
    for name, value in more.items():
        setattr(made, name, value)
    return made


def refused(**more: Any) -> Attempt:
    return attempt(origin=Origin.VERIFIER, cause=Cause.EXPIRED, **more)


def tallied(*attempts: Attempt) -> dict[str, int]:
    worker = Tallied()
    for one in attempts:
        worker.attempt(one, one.life_ms(), final=one.cause is Cause.OK)
    return worker.counts([])


def told(counts: dict[str, int], poisoned: dict[str, int] | None = None, at: Renewals = EARLY) -> list[Told]:
    return list(measures_so_far(counts, poisoned or {}, at))


def test_only_a_living_token_that_the_verifier_turned_away_is_a_false_reject() -> None:
    counts = tallied(
        attempt(),
        refused(),
        refused(life_s=-1),
        attempt(origin=Origin.VERIFIER, cause=Cause.REVOKED),
        attempt(origin=Origin.TRANSPORT, cause=Cause.UNREACHABLE),
        refused(messages=3),
    )
    assert (counts["rejected"], counts["revoked"], counts["alive"]) == (1, 1, 4)
    (rejects,) = [one for one in told(counts) if one.what == TURNED_AWAY]
    assert (rejects.count, rejects.of) == (1, "of 3 sent")


def test_a_poisoned_call_is_no_call_of_its_users() -> None:
    assert not any(tallied(attempt(expects=frozenset({16}))).values())


def test_retries_are_attempts_beyond_the_first_of_a_call() -> None:
    counts = tallied(refused(), attempt(), attempt())
    (retries,) = [one for one in told(counts) if one.what == "retries"]
    assert (retries.count, retries.comes_to) == (1, "0.500 per call")


def test_a_false_accept_is_wrong_and_none_is_bounded_exactly() -> None:
    (one,) = told({}, {"right": 99, "accepted": 1})
    assert (one.count, one.of, one.wrong) == (1, "of 100 poisoned calls", True)
    (none,) = told({}, {"right": 298})
    assert Share.counted(0, 298).high == pytest.approx(0.01, rel=0.01)
    assert (none.comes_to, none.wrong) == ("under 1 % (95 % sure)", False)


def test_fetches_are_compared_with_their_need_once_a_life_is_over() -> None:
    assert told({"fetches": 30}) == []
    (fetches,) = told({"fetches": 30}, at=LATE)
    assert (fetches.count, fetches.of) == (30, "20 needed, one per holder and life")
    assert fetches.comes_to == "1.50 times as many"


def test_late_messages_are_told_of_streams_that_are_still_open() -> None:
    bench = Bench(Transport(["one"]))
    bench.client.late_streams, bench.client.late_messages = 2, 1_300
    (streams,) = told(Tallied().counts([bench.client, Bench(Transport(["one"])).client]))
    assert (streams.count, streams.comes_to) == (2, "1,300 messages")


def test_counters_of_workers_add_up() -> None:
    halves = [tallied(attempt(), refused()), tallied(attempt())]
    together = sum(map(Counter, halves), Counter[str]())
    assert told(dict(together)) == told(tallied(attempt(), attempt(), refused()))


def test_progress_is_one_line_with_the_most_frequent_failures_first() -> None:
    live = {"ok": 1200, "fetches": 30, "verifier/expired": 2, "transport/deadline": 5, "poisoned/right": 3}
    assert progress_line({**live, "poisoned/accepted": 1}, ["15-a", "20-b"], 21.25) == (
        " 21.2 s: 1,200 calls good; failed: transport/deadline 5, verifier/expired 2; "
        "token fetches 30; poisoned calls 4; active: 15-a, 20-b"
    )


def test_progress_says_none_where_nothing_failed_and_no_step_is_in_force() -> None:
    assert progress_line({}, [], 0.0) == "  0.0 s: 0 calls good; failed: none; token fetches 0; active: none"


def test_poisoned_calls_are_named_by_the_worth_of_their_answers() -> None:
    assert poisoned_in({"ok": 1, "poisoned/right": 2}) == {"right": 2}
