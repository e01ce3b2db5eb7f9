"""The line: numbers that gRPC does not define, as the server sent them."""

import asyncio

import pytest

from harness.defects.bench import Answer, Shape
from harness.endpoint import Endpoint
from harness.probe.target.line import open_line
from tests.fakes.odd_servers import Serve, closes, http2, listening

GRPC = ((":status", "200"), ("content-type", "application/grpc"))


def ended(serve: Serve, kind: str = "unary") -> list[Answer]:
    """Return how two calls of a server ended."""

    async def ask(address: str) -> list[Answer]:
        line = open_line(Endpoint((address,)), address)
        many = kind == "bidi"
        shape = Shape(kind, "/a.B/C", many_requests=many, many_responses=many)
        try:
            return [await line.call(shape, "/a.B/C", (), b"", 5.0) for _ in range(2)]
        finally:
            await line.close()

    with listening(serve) as address:
        return asyncio.run(ask(address))


@pytest.mark.parametrize("kind", ["unary", "bidi"])
@pytest.mark.parametrize(("number", "code"), [("1010", "1010"), ("2", "UNKNOWN"), ("16", "UNAUTHENTICATED")])
def test_a_number_is_told_as_the_server_sent_it(kind: str, number: str, code: str) -> None:
    answers = ended(http2(*GRPC, ("grpc-status", number), ("grpc-message", "missing bearer token")), kind)
    assert [(one.code, one.text) for one in answers] == [(code, "missing bearer token")] * 2


def by_hand(serve: Serve) -> Answer:
    """Return how a call by hand ended."""

    async def ask(address: str) -> Answer:
        line = open_line(Endpoint((address,)), address)
        try:
            return await line.by_hand(Shape("unary", "/a.B/C"), "/a.B/C", (), b"", 5.0)
        finally:
            await line.close()

    with listening(serve) as address:
        return asyncio.run(ask(address))


def test_a_status_that_is_no_number_is_unknown() -> None:
    assert by_hand(http2(*GRPC, ("grpc-status", "soon"))).code == "UNKNOWN"


def test_a_lost_connection_is_told_without_the_name_of_an_exception() -> None:
    answer = by_hand(closes)
    assert (answer.code, answer.own_words, "Error" in answer.text) == ("UNAVAILABLE", True, False)
