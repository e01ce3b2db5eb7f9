"""Streams of the channel: what their reader may ask, and the one row that each leaves."""

from typing import Any

import grpc
import pytest

from harness import clock
from harness.auth.channel import NoToken, Replies
from harness.calls import MOST_NTH, Cause, Origin
from harness.errors import TokenError
from tests.auth.craft import jwt_text
from tests.auth.fake_transport import (
    BUFFERED,
    MANY_REPLIES,
    METHOD,
    ONE_REPLY,
    Bench,
    Failure,
    Source,
    Transport,
)

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
    assert bench.rows[0][0].of_stream() == {}


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
