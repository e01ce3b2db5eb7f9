"""The channel over a transport of plain functions: no socket, no library call."""

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import grpc
import pytest

from harness import clock
from harness.calls.attempt import Tried
from harness.calls.channel import Arrival, Attempt, NoToken
from harness.errors import TokenError
from harness.results.row import NO_LIFE, Cause, Flag, Origin
from harness.tokens.refresh import Decision, Tokens
from harness.tokens.token import Token
from tests.calls.fake_transport import (
    BUFFERED,
    KINDS,
    MANY_REPLIES,
    METHOD,
    ONE_REPLY,
    UNAUTHENTICATED,
    Bench,
    Failure,
    Source,
    Transport,
)
from tests.tokens.craft import jwt_text


def good(kind: str) -> Any:
    return "reply" if kind in ONE_REPLY else ["one", "two"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_carries_the_token_beside_its_own_metadata(kind: str) -> None:
    bench = Bench(Transport(good(kind)))
    assert bench.call(kind, metadata=[("trace", "1")]) == good(kind)
    (sent,) = bench.transport.sent
    assert sent.metadata == (("trace", "1"), ("authorization", f"Bearer {bench.source.texts[0]}"))


@pytest.mark.parametrize(
    ("key", "scheme", "wanted"),
    [("authorization", "bearer", "bearer {}"), ("x-token", "", "{}"), ("cookie", "session", "session {}")],
)
def test_key_and_scheme_of_the_metadata_entry_are_settings(key: str, scheme: str, wanted: str) -> None:
    bench = Bench(Transport("reply"), Tokens(key=key, scheme=scheme))
    bench.call()
    assert bench.transport.sent[0].metadata == ((key, wanted.format(bench.source.texts[0])),)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_call_leaves_one_final_row(kind: str) -> None:
    bench = Bench(Transport(good(kind)))
    arrival = bench.arrive()
    bench.call(kind)
    ((row, final),) = bench.rows
    assert final
    assert (row.arrival, row.nth, row.number, row.method, row.code) == (arrival, 0, 0, METHOD, 0)
    assert (row.origin, row.cause, row.decision) == (Origin.NONE, Cause.OK, Decision.FETCH)
    assert row.messages == (1 if kind in ONE_REPLY else 2)
    assert arrival.taken_ns <= row.sent_ns <= row.end_ns
    assert 0 < row.life_ms() <= 1_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_after_unauthenticated_a_call_is_sent_once_more_with_a_new_token(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure(), good(kind)))
    assert bench.call(kind) == good(kind)
    first, second = bench.transport.sent
    assert first.request == second.request == BUFFERED[kind]
    assert [sent.metadata[-1][1] for sent in (first, second)] == [f"Bearer {text}" for text in bench.source.texts]
    assert bench.finals() == [False, True]
    assert bench.causes() == [Cause.EXPIRED, Cause.OK]
    assert [attempt.number for attempt, _ in bench.rows] == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_sent_twice_at_most(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()))
    with pytest.raises(Failure):
        bench.call(kind)
    assert len(bench.transport.sent) == 2
    assert bench.finals() == [False, True]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, UNAUTHENTICATED)]
)
def test_no_other_status_is_sent_again(kind: str, code: grpc.StatusCode) -> None:
    failure = Failure(code, "no")
    bench = Bench(Transport([failure] if kind in MANY_REPLIES else failure))
    with pytest.raises(Failure):
        bench.call(kind)
    assert bench.finals() == [True]
    assert bench.rows[0][0].code == code.value[0]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("code", "details", "renew_on"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "no", ("UNAUTHENTICATED", "PERMISSION_DENIED")),
        (grpc.StatusCode.UNKNOWN, "Exception calling application: Signature has expired", ("signature HAS expired",)),
    ],
)
def test_a_client_renews_on_the_codes_and_texts_that_it_is_told(
    kind: str, code: grpc.StatusCode, details: str, renew_on: tuple[str, ...]
) -> None:
    failure = Failure(code, details)
    bench = Bench(Transport([failure] if kind in MANY_REPLIES else failure, good(kind)), Tokens(renew_on=renew_on))
    assert bench.call(kind) == good(kind)
    assert bench.finals() == [False, True]
    assert len(bench.source.texts) == 2


def test_a_client_that_is_told_only_texts_does_not_renew_on_the_code() -> None:
    bench = Bench(Transport(Failure(UNAUTHENTICATED, "who are you")), Tokens(renew_on=("expired",)))
    with pytest.raises(Failure):
        bench.call("unary_unary")
    assert bench.finals() == [True]


@pytest.mark.parametrize("kind", KINDS)
def test_without_retry_once_a_call_is_sent_once(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call(kind)
    assert bench.finals() == [True]


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
def test_an_iterator_of_requests_cannot_be_sent_again(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()))
    with pytest.raises(Failure):
        bench.call(kind, iter(["a", "b"]))
    assert bench.transport.sent[0].request == ["a", "b"]
    assert bench.finals() == [True]


@pytest.mark.parametrize("kind", MANY_REPLIES)
def test_a_stream_that_gave_a_message_is_not_sent_again(kind: str) -> None:
    bench = Bench(Transport(["one", Failure()]))
    replies = getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert next(replies) == "one"
    with pytest.raises(Failure):
        next(replies)
    ((row, final),) = bench.rows
    assert (final, row.messages, row.cause) == (True, 1, Cause.EXPIRED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_was_rejected_is_not_sent_again_even_where_the_call_is_not(kind: str) -> None:
    answers = [[Failure()], good(kind)] if kind in MANY_REPLIES else [Failure(), good(kind)]
    bench = Bench(Transport(*answers), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call(kind)
    bench.call(kind)
    assert len(bench.source.texts) == 2


@pytest.mark.parametrize("kind", MANY_REPLIES)
def test_leaving_a_stream_cancels_it_and_is_no_failure(kind: str) -> None:
    bench = Bench(Transport(["one", "two", "three"]))
    replies = getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert next(replies) == "one"
    replies.cancel()
    assert bench.transport.streams[0].cancelled
    ((row, final),) = bench.rows
    assert (final, row.messages, row.cause) == (True, 1, Cause.OK)
    assert row.code == grpc.StatusCode.CANCELLED.value[0]


def test_the_servers_verdict_in_the_trailer_decides_the_cause() -> None:
    bench = Bench(Transport(Failure(details="no", verdict="revoked")), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call()
    ((row, _),) = bench.rows
    assert (row.origin, row.cause, row.details) == (Origin.VERIFIER, Cause.REVOKED, "no")


def test_a_failure_without_trailers_or_details_is_still_a_row() -> None:
    class Bare(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> None:
            return None

    bench = Bench(Transport(Bare()))
    with pytest.raises(Bare):
        bench.call()
    assert bench.causes() == [Cause.UNAVAILABLE]


def test_a_status_of_the_servers_own_is_recorded_by_its_number_where_the_transport_tells() -> None:
    class Odd(Failure):
        def number(self) -> int:
            return 1010

    bench = Bench(Transport(Odd(grpc.StatusCode.UNKNOWN, "missing bearer token")))
    with pytest.raises(Odd):
        bench.call()
    ((row, _),) = bench.rows
    assert (row.code, row.origin, row.cause) == (1010, Origin.VERIFIER, Cause.MISSING_METADATA)


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_without_a_token_is_not_sent_and_leaves_a_final_row(kind: str) -> None:
    error = TokenError("the issuer answered 503", "UNAVAILABLE", 503)
    bench = Bench(Transport(good(kind)), source=Source(error))
    with pytest.raises(NoToken) as caught:
        bench.call(kind)
    assert caught.value.code() is UNAUTHENTICATED
    assert caught.value.details() == "the issuer answered 503"
    assert bench.transport.sent == []
    ((row, final),) = bench.rows
    assert (final, row.code, row.origin, row.cause) == (True, -1, Origin.TOKEN_SOURCE, Cause.UNAVAILABLE)
    assert row.life_ms() == NO_LIFE


def test_a_renewal_that_fails_after_a_rejection_ends_the_call_with_its_second_row() -> None:
    bench = Bench(Transport(Failure()))
    bench.transport._next = _then_down(bench)  # type: ignore[method-assign]
    with pytest.raises(NoToken):
        bench.call()
    assert bench.finals() == [False, True]
    assert bench.causes() == [Cause.EXPIRED, Cause.UNREACHABLE]


def _then_down(bench: Bench) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> Failure:
        bench.source.error = TokenError("down", "UNREACHABLE")
        return Failure()

    return answer


def test_the_time_out_is_what_is_left_of_the_deadline() -> None:
    bench = Bench(Transport(Failure(), "reply"))
    bench.call(timeout=5.0)
    first, second = (sent.timeout for sent in bench.transport.sent)
    assert 0 < second <= first <= 5.0


def test_a_call_without_a_time_out_has_the_scenarios_deadline() -> None:
    bench = Bench(Transport("reply"), deadline_s=0.0)
    bench.call()
    assert bench.transport.sent[0].timeout == 0.001


@pytest.mark.parametrize("outcome", ["reply", Failure(grpc.StatusCode.INTERNAL)])
def test_a_call_ended_when_the_transport_says_and_never_before_it_left(outcome: Any) -> None:
    bench, later_ns = Bench(Transport(outcome, outcome)), clock.monotonic_ns() + 10**12
    told = iter([later_ns, 1])
    bench.client.ended_ns = lambda: next(told)
    for _ in range(2):
        with contextlib.suppress(Failure):
            bench.call()
    (first, _), (second, _) = bench.rows
    assert first.end_ns == later_ns
    assert second.end_ns == second.sent_ns


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "unary_unary"])
def test_of_a_stream_the_transport_is_not_asked_when_it_ended(kind: str) -> None:
    bench = Bench(Transport(good(kind)))
    bench.client.ended_ns = lambda: 1
    before_ns = clock.monotonic_ns()
    bench.call(kind)
    ((row, _),) = bench.rows
    assert before_ns < row.end_ns <= clock.monotonic_ns()


def test_a_second_call_of_a_task_has_no_plan() -> None:
    bench = Bench(Transport("reply"))
    first = bench.arrive(at_s=-3_600)
    bench.call()
    bench.call()
    (one, _), (two, _) = bench.rows
    assert one.arrival is first
    assert (two.arrival.call_id, two.nth) == (first.call_id, 1)
    assert two.arrival.flags & (Flag.PLANNED | Flag.BUSY) == 0
    assert two.arrival.intended_ns == two.arrival.taken_ns > first.intended_ns


def test_a_call_outside_any_task_is_due_when_it_is_made() -> None:
    bench = Bench(Transport("reply"))
    before_ns = clock.monotonic_ns()
    bench.call()
    ((row, _),) = bench.rows
    assert row.arrival.call_id == -1
    assert before_ns <= row.arrival.intended_ns <= row.sent_ns


def test_the_life_left_fits_the_row_however_long_it_is() -> None:
    row = Attempt(Arrival(1, 0, 0), 0, 0, METHOD, 0)
    assert row.life_ms() == NO_LIFE
    for exp, wanted in ((None, 2**31 - 1), (1e300, 2**31 - 1), (-1e300, NO_LIFE + 1), (2.5, 2_500)):
        token = Token.parse(jwt_text({"exp": exp}), 0.0)
        assert replace(row, token=token).life_ms() == wanted


def test_the_codec_of_a_stub_reaches_the_transport() -> None:
    transport = Transport("reply")
    channel = Bench(transport).channel
    for kind in KINDS:
        getattr(channel, kind)(METHOD, str.encode, bytes.decode, _registered_method=True)
    assert transport.opened == [(METHOD, (str.encode, bytes.decode), {"_registered_method": True})] * 4


def test_a_future_is_refused_with_the_way_out() -> None:
    with pytest.raises(NotImplementedError, match="call the method itself"):
        Bench(Transport("reply")).channel.unary_unary(METHOD).future("ask")


def test_an_attempt_that_the_transport_made_is_recorded_as_the_first_and_sent_again_once() -> None:
    bench = Bench(Transport("reply"))
    bench.call()  # the keeper holds a token now
    token = bench.rows[-1][0].token
    assert token is not None
    arrival = bench.arrive()
    arrival.tried = Tried(token, 1_000, 2_000, Failure(UNAUTHENTICATED))
    assert bench.call() == "reply"
    (first, first_final), (second, second_final) = bench.rows[1:]
    assert (first_final, second_final) == (False, True)
    assert (first.number, first.sent_ns, first.end_ns, first.code) == (0, 1_000, 2_000, 16)
    assert (second.number, second.code) == (1, 0)
    assert second.token is not token, "a refused token is not sent again"


def test_an_attempt_that_the_transport_made_and_that_cannot_be_cured_fails_the_call() -> None:
    bench = Bench(Transport("reply"))
    bench.call()
    token = bench.rows[-1][0].token
    assert token is not None
    bench.arrive().tried = Tried(token, 1_000, 2_000, Failure(grpc.StatusCode.UNAVAILABLE))
    with pytest.raises(grpc.RpcError):
        bench.call()
    assert [(row.number, row.code, final) for row, final in bench.rows[1:]] == [(0, 14, True)]
    assert len(bench.transport.sent) == 1, "nothing was sent again"
