"""Limits of messages and of headers, both ways."""

from collections.abc import Callable

import pytest

from transport.tests.calling import Target, ask
from transport.tests.client import Client
from transport.tests.server import Server

LIMIT = 1000


@pytest.mark.parametrize(("size", "code"), [(LIMIT, "OK"), (LIMIT + 1, "RESOURCE_EXHAUSTED")])
def test_a_reply_may_be_as_long_as_the_receive_limit(client: Client, server: Server, size: int, code: str) -> None:
    target = Target(server.address, (("grpc.max_receive_message_length", LIMIT),))
    outcome = client.run(ask, target, b"m" * size)
    assert outcome.code == code
    if code != "OK":
        assert str(size) in outcome.details
        assert str(LIMIT) in outcome.details


@pytest.mark.parametrize(("size", "code"), [(LIMIT, "OK"), (LIMIT + 1, "RESOURCE_EXHAUSTED")])
def test_a_request_may_be_as_long_as_the_send_limit(client: Client, server: Server, size: int, code: str) -> None:
    target = Target(server.address, (("grpc.max_send_message_length", LIMIT),))
    outcome = client.run(ask, target, b"m" * size)
    assert outcome.code == code
    if code != "OK":
        assert str(size) in outcome.details
        assert str(LIMIT) in outcome.details


def test_four_mebibytes_is_the_receive_limit_where_none_is_given(client: Client, server: Server) -> None:
    assert client.run(ask, Target(server.address), b"m" * (4 << 20)).code == "OK"
    assert client.run(ask, Target(server.address), b"m" * ((4 << 20) + 1)).code == "RESOURCE_EXHAUSTED"


def test_minus_one_is_no_limit(client: Client, server: Server) -> None:
    target = Target(server.address, (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)))
    outcome = client.run(ask, target, b"m" * (9 << 20))
    assert (outcome.code, len(outcome.messages[0])) == ("OK", 9 << 20)


def test_one_message_of_a_stream_over_the_limit_ends_the_stream(client: Client, server: Server) -> None:
    target = Target(server.address, (("grpc.max_receive_message_length", LIMIT),))
    outcome = client.run(ask, target, [b"a", b"m" * (LIMIT + 1), b"b"], "Chat", "stream_stream")
    assert (outcome.code, outcome.messages[:1]) == ("RESOURCE_EXHAUSTED", (b"a",))
    server.wait_for("ended")


def test_a_message_that_is_refused_leaves_the_connection_usable(client: Client, server: Server) -> None:
    target = Target(server.address, (("grpc.max_receive_message_length", LIMIT),))
    codes = [client.run(ask, target, b"m" * size).code for size in (LIMIT + 1, 1)]
    assert codes == ["RESOURCE_EXHAUSTED", "OK"]


def test_what_the_server_refuses_to_take_is_told(client: Client, start: Callable[..., Server]) -> None:
    server = start(options=(("grpc.max_receive_message_length", LIMIT),))
    assert client.run(ask, Target(server.address), b"m" * (LIMIT + 1)).code == "RESOURCE_EXHAUSTED"
