"""Streams of the channel: what their reader may ask, and the one row that each leaves."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from harness import clock
from harness.calls.channel import NoToken, Replies
from harness.errors import TokenError
from harness.results.row import MOST_NTH, Cause, Origin
from tests.calls.fake_transport import (
    BUFFERED,
    MANY_REPLIES,
    METHOD,
    ONE_REPLY,
    Bench,
    Failure,
    Source,
    Transport,
)
from tests.tokens.craft import jwt_text

every_stream = pytest.mark.parametrize("kind", MANY_REPLIES)


def opened(bench: Bench, kind: str) -> Replies:
    stream: Any = getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert isinstance(stream, Replies)
    return stream


@every_stream
def test_a_stream_is_sent_when_it_is_opened(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    stream = opened(bench, kind)
    assert len(bench.transport.sent) == 1
    assert list(stream) == ["one"]


@every_stream
def test_a_stream_that_is_never_read_leaves_a_final_row_that_says_so(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    arrival = bench.arrive()
    stream = opened(bench, kind)
    arrival.end()
    ((row, final),) = bench.rows
    assert (final, row.origin, row.cause, row.messages) == (True, Origin.LOCAL, Cause.NO_CALL, 0)
    assert "never read" in row.details
    assert bench.transport.streams[0].cancelled
    assert stream.code() is grpc.StatusCode.CANCELLED


@every_stream
def test_a_stream_that_nobody_keeps_is_recorded_at_once(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert bench.causes() == [Cause.NO_CALL]


@every_stream
def test_a_stream_that_is_kept_ends_with_its_task_and_leaves_one_row(kind: str) -> None:
    bench = Bench(Transport(["one", "two"]))
    arrival = bench.arrive()
    stream = opened(bench, kind)
    next(stream)
    arrival.end()
    del stream
    assert [(row.messages, row.cause, final) for row, final in bench.rows] == [(1, Cause.OK, True)]


@every_stream
def test_a_stream_that_was_read_to_its_end_is_not_recorded_again(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    arrival = bench.arrive()
    stream = opened(bench, kind)
    assert list(stream) == ["one"]
    assert list(stream) == []
    stream.cancel()
    arrival.end()
    del stream
    assert bench.causes() == [Cause.OK]


@every_stream
def test_cancelling_a_stream_records_what_was_read(kind: str) -> None:
    bench = Bench(Transport(["one", "two"]))
    stream = opened(bench, kind)
    next(stream)
    assert stream.cancel()
    ((row, final),) = bench.rows
    assert (final, row.messages, row.code) == (True, 1, grpc.StatusCode.CANCELLED.value[0])
    assert bench.transport.streams[0].cancelled


@every_stream
def test_a_stream_that_failed_is_recorded_once(kind: str) -> None:
    bench = Bench(Transport(["one", Failure(grpc.StatusCode.UNAVAILABLE, "gone")]))
    stream = opened(bench, kind)
    with pytest.raises(Failure):
        list(stream)
    stream.leave()
    assert bench.finals() == [True]


@every_stream
def test_a_stream_tells_how_it_began_and_ended(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    stream = opened(bench, kind)
    assert list(stream) == ["one"]
    assert (stream.code(), stream.details()) == (grpc.StatusCode.OK, "")
    assert stream.initial_metadata() == (("first", "1"),)
    assert stream.trailing_metadata()[0][1] == "ok"


@every_stream
def test_a_reader_that_is_killed_leaves_the_row_to_its_arrival(kind: str) -> None:
    bench = Bench(Transport([Killed()]))
    stream = opened(bench, kind)
    with pytest.raises(Killed):
        next(stream)
    del stream
    assert bench.rows == []
    assert bench.transport.streams[0].cancelled


class Killed(Exception):  # noqa: N818 - stands for GreenletExit, which is none of the library's errors
    """What a killed greenlet finds in its hands."""


@every_stream
def test_without_a_token_a_stream_leaves_one_row(kind: str) -> None:
    bench = Bench(Transport(["one"]), source=Source(TokenError("no", "UNREACHABLE")))
    with pytest.raises(NoToken):
        opened(bench, kind)
    assert bench.finals() == [True]
    assert bench.transport.sent == []


@every_stream
@pytest.mark.parametrize(("life_s", "late"), [(1000.0, 0), (-1.0, 2)])
def test_messages_after_the_tokens_expiry_are_counted(kind: str, life_s: float, late: int) -> None:
    bench = Bench(Transport(["one", "two"]))
    bench.source.fetch = lambda: jwt_text({"exp": clock.wall() + life_s})  # type: ignore[method-assign]
    assert list(opened(bench, kind)) == ["one", "two"]
    ((row, _),) = bench.rows
    assert row.of_stream() == {"messages": 2, "after_expiry": late}
    assert row.notable is bool(late)
    assert (bench.client.late_streams, bench.client.late_messages) == (bool(late), late)


@every_stream
def test_late_messages_of_the_warm_up_are_none_of_those_since_zero(kind: str) -> None:
    bench = Bench(Transport(["one"]))
    bench.zero_ns = clock.monotonic_ns() + 10**12
    bench.source.fetch = lambda: jwt_text({"exp": clock.wall() - 1})  # type: ignore[method-assign]
    assert list(opened(bench, kind)) == ["one"]
    assert (bench.rows[0][0].after_expiry, bench.client.late_messages) == (1, 0)


@pytest.mark.parametrize("kind", ONE_REPLY)
def test_with_call_returns_reply_and_call_and_leaves_one_row(kind: str) -> None:
    bench = Bench(Transport("reply"))
    assert getattr(bench.channel, kind)(METHOD).with_call(BUFFERED[kind]) == ("reply", "call")
    assert bench.causes() == [Cause.OK]
    stream = {"messages": 1, "after_expiry": 0} if kind == "stream_unary" else {}
    assert bench.rows[0][0].of_stream() == stream


@pytest.mark.parametrize("kind", ONE_REPLY)
def test_with_call_is_sent_once_more_after_unauthenticated(kind: str) -> None:
    bench = Bench(Transport(Failure(), "reply"))
    assert getattr(bench.channel, kind)(METHOD).with_call(BUFFERED[kind]) == ("reply", "call")
    assert bench.finals() == [False, True]


@every_stream
def test_a_stream_that_carried_messages_proves_its_token_however_it_ended(kind: str) -> None:
    bench = Bench(Transport(["one", Failure()], ["two"]))
    with pytest.raises(Failure):
        list(opened(bench, kind))
    assert bench.client.proven is bench.rows[0][0].token
    assert list(opened(bench, kind)) == ["two"], "no back-off: the token was good, and ended"


def test_the_place_of_a_call_in_its_task_stays_within_its_byte() -> None:
    bench = Bench(Transport("reply"))
    arrival = bench.arrive()
    arrival.calls = MOST_NTH + 5
    bench.call()
    assert bench.rows[0][0].nth == MOST_NTH


class Ahead:
    """A monotonic clock that can be put forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ns, real = 0, clock.monotonic_ns
        monkeypatch.setattr(clock, "monotonic_ns", lambda: real() + self._ns)

    def requests(self, count: int) -> Iterator[str]:
        """Yield requests; the token dies after the first."""
        for place in range(count):
            self._ns += 2_000 * 10**9 if place == 1 else 0
            yield f"order {place}"


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> Ahead:
    return Ahead(monkeypatch)


def test_requests_of_a_client_stream_after_its_tokens_end_are_counted(ahead: Ahead) -> None:
    bench = Bench(Transport("sum"))
    assert bench.call("stream_unary", ahead.requests(3)) == "sum"
    ((row, _),) = bench.rows
    assert (row.requests, row.of_stream()) == (3, {"messages": 1, "after_expiry": 2})
    assert (bench.client.late_streams, bench.client.late_messages) == (1, 2)


def test_a_client_stream_that_was_cut_had_been_let_in_and_is_not_sent_again(ahead: Ahead) -> None:
    bench = Bench(Transport(Failure()))
    with pytest.raises(Failure):
        bench.call("stream_unary", ahead.requests(2))
    ((row, final),) = bench.rows
    assert (row.messages, row.cause, final) == (2, Cause.EXPIRED, True)
    assert bench.client.proven is row.token


def test_tokens_of_client_streams_that_were_cut_are_held_against_no_source(ahead: Ahead) -> None:
    bench = Bench(Transport(Failure()))
    for _ in range(4):
        with pytest.raises(Failure):
            bench.call("stream_unary", ahead.requests(2))
    assert bench.causes() == [Cause.EXPIRED] * 4


def test_a_client_stream_that_was_turned_away_at_once_is_sent_again() -> None:
    bench = Bench(Transport(Failure(), "sum"))
    assert bench.call("stream_unary", ["a", "b"]) == "sum"
    assert [(row.messages, row.cause) for row, _ in bench.rows] == [(0, Cause.EXPIRED), (1, Cause.OK)]
