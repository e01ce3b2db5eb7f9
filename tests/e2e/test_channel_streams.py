"""The channel's calls over the library itself and a real socket."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest

from harness.calls.channel import AuthChannel, Replies
from harness.results.row import Cause
from tests.calls.fake_transport import Bench, Transport

pytestmark = pytest.mark.e2e
SERVICE = "jwtstorm.test.Echo"


def _reply(request: bytes, context: Any) -> bytes:
    context.set_trailing_metadata((("seen", str(len(context.invocation_metadata()))),))
    return request


def _replies(request: bytes, _context: Any) -> Iterator[bytes]:
    for _ in range(3):
        yield request


@pytest.fixture
def bench() -> Iterator[Bench]:
    server = grpc.server(ThreadPoolExecutor(4))
    handlers = {
        "One": grpc.unary_unary_rpc_method_handler(_reply),
        "Many": grpc.unary_stream_rpc_method_handler(_replies),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    found = Bench(Transport("unused"))
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        found.channel = AuthChannel(channel, found.client)
        yield found
    server.stop(None).wait()


def many(bench: Bench) -> Replies:
    replies: Replies = bench.channel.unary_stream(f"/{SERVICE}/Many")(b"x")
    return replies


def test_with_call_gives_the_librarys_own_call(bench: Bench) -> None:
    reply, call = bench.channel.unary_unary(f"/{SERVICE}/One").with_call(b"x")
    assert (reply, call.code()) == (b"x", grpc.StatusCode.OK)
    assert "seen" in dict(call.trailing_metadata())
    assert bench.causes() == [Cause.OK]


def test_a_stream_is_read_to_its_end_and_asked_how_it_went(bench: Bench) -> None:
    replies = many(bench)
    assert list(replies) == [b"x"] * 3
    assert (replies.code(), replies.details()) == (grpc.StatusCode.OK, "")
    assert [row.messages for row, _ in bench.rows] == [3]


def test_a_stream_that_its_reader_cancels_tells_so_and_leaves_one_row(bench: Bench) -> None:
    replies = many(bench)
    assert next(replies) == b"x"
    replies.cancel()
    assert replies.code() in {grpc.StatusCode.CANCELLED, grpc.StatusCode.OK}  # it may have ended first
    del replies
    assert [(row.messages, row.cause) for row, _ in bench.rows] == [(1, Cause.OK)]


def test_a_stream_that_nobody_reads_is_recorded(bench: Bench) -> None:
    many(bench)
    assert bench.causes() == [Cause.NO_CALL]
