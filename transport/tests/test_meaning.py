"""What the harness makes of the texts that each transport writes itself: nothing here is typed in."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc
import pytest

from harness.results.classify import classify
from harness.results.failure_details import FailureDetails, http_answer
from harness.results.row import Cause, Origin
from transport.tests.calling import Outcome, Target, ask
from transport.tests.client import Client
from transport.tests.hostile import Reply, replying
from transport.tests.peer import GRPC, Kind, Peer, Reset, Wire, frame, number

PAGE = b"<html>Sign in</html>"
EXPIRED = 'Bearer realm="api", error="invalid_token", error_description="The access token expired"'
CODES = {code.name: code.value[0] for code in grpc.StatusCode}
STATUSES = {
    301: (Origin.PROXY, Cause.HTTP_ANSWER),
    302: (Origin.PROXY, Cause.HTTP_ANSWER),
    400: (Origin.PROXY, Cause.HTTP_ANSWER),
    401: (Origin.PROXY, Cause.UNAUTHENTICATED),
    403: (Origin.PROXY, Cause.DENIED),
    404: (Origin.PROXY, Cause.HTTP_ANSWER),
    405: (Origin.PROXY, Cause.HTTP_ANSWER),
    413: (Origin.PROXY, Cause.HTTP_ANSWER),
    429: (Origin.PROXY, Cause.UNAVAILABLE),
    431: (Origin.SIZE_LIMIT, Cause.TOO_LARGE),
    500: (Origin.PROXY, Cause.HTTP_ANSWER),
    502: (Origin.PROXY, Cause.UNAVAILABLE),
    503: (Origin.PROXY, Cause.UNAVAILABLE),
    504: (Origin.PROXY, Cause.UNAVAILABLE),
}


def page(status: int, kind: str = "text/html", *more: tuple[str, str]) -> Reply:
    """Reply as a web server does."""
    headers = ((":status", str(status)), ("content-type", kind), *more)
    return lambda wire: wire.headers(headers) + wire.data(PAGE, end=True)


def reset(code: int) -> Reply:
    return lambda wire: frame(Kind.RST_STREAM, stream=wire.stream, payload=number(code))


def refusal(*trailers: tuple[str, str]) -> Reply:
    return lambda wire: wire.headers((*GRPC, ("grpc-status", "16"), *trailers), end=True)


@contextmanager
def peer(reply: Reply) -> Iterator[Target]:
    served = Peer(replying(reply))
    try:
        yield Target(served.address)
    finally:
        served.stop()


def outcome_of(client: Client, reply: Reply) -> Outcome:
    with peer(reply) as target:
        return client.run(ask, target, b"request")


def meaning(outcome: Outcome) -> tuple[Origin, Cause]:
    beside = FailureDetails.of([*outcome.trailing, *outcome.initial])
    return classify(CODES[outcome.code], outcome.details, beside)


@pytest.mark.parametrize("status", STATUSES)
def test_an_http_status_is_the_answer_of_something_in_between(client: Client, status: int) -> None:
    outcome = outcome_of(client, page(status))
    assert meaning(outcome) == STATUSES[status]
    assert str(http_answer(outcome.details)) == f"something in between answered HTTP {status}"


@pytest.mark.parametrize("kind", ["text/html", "application/json", "text/plain"])
def test_a_page_under_200_is_no_lost_connection(client: Client, kind: str) -> None:
    assert meaning(outcome_of(client, page(200, kind))) == (Origin.PROXY, Cause.HTTP_ANSWER)


def test_a_refused_stream_is_the_servers_limit(client: Client) -> None:
    assert meaning(outcome_of(client, reset(Reset.REFUSED_STREAM))) == (Origin.TRANSPORT, Cause.STREAM_LIMIT)


@pytest.mark.parametrize("code", [Reset.INTERNAL_ERROR, Reset.PROTOCOL_ERROR])
def test_any_other_reset_is_a_lost_connection(client: Client, code: Reset) -> None:
    assert meaning(outcome_of(client, reset(code))) == (Origin.TRANSPORT, Cause.CONNECTION_LOST)


def test_a_challenge_in_the_trailers_tells_why(client: Client) -> None:
    outcome = outcome_of(client, refusal(("grpc-message", "no"), ("www-authenticate", EXPIRED)))
    assert meaning(outcome) == (Origin.VERIFIER, Cause.EXPIRED)


def test_status_details_in_the_trailers_tell_why(client: Client) -> None:
    def details(wire: Wire) -> bytes:
        # google.rpc.Status { details { type_url, value: ErrorInfo { reason: "TOKEN_EXPIRED" } } }, base64
        packed = "GjsKKHR5cGUuZ29vZ2xlYXBpcy5jb20vZ29vZ2xlLnJwYy5FcnJvckluZm8SDwoNVE9LRU5fRVhQSVJFRA=="
        return refusal(("grpc-status-details-bin", packed))(wire)

    assert meaning(outcome_of(client, details)) == (Origin.VERIFIER, Cause.EXPIRED)


def test_native_shows_the_challenge_of_a_proxy_too(client: Client) -> None:
    outcome = outcome_of(client, page(401, "text/html", ("www-authenticate", EXPIRED)))
    expected = Cause.EXPIRED if client.native else Cause.UNAUTHENTICATED  # grpcio keeps no headers of such an answer
    assert meaning(outcome) == (Origin.PROXY, expected)
