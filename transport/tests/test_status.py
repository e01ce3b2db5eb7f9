"""How a server ends a call: codes, details in any language, binary details, a stream that fails halfway."""

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from transport.tests.calling import PATIENCE_S, SERVICE, Target, ask
from transport.tests.client import Client
from transport.tests.server import Server

FAILURES = [code.name for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


def failed(code: str, **wanted: Any) -> bytes:
    return json.dumps({"code": code, **wanted}).encode()


@pytest.mark.parametrize("code", FAILURES)
def test_every_code_arrives_with_its_details(client: Client, server: Server, code: str) -> None:
    outcome = client.run(ask, Target(server.address), failed(code, details="because"), "Fail")
    assert (outcome.code, outcome.details, outcome.messages) == (code, "because", ())


@pytest.mark.parametrize(
    "details", ["", "100 % of it", "zu spät: läuft ab", "期限切れ", "two\nlines\tand a tab", "%41"]
)
def test_details_arrive_as_they_were_said(client: Client, server: Server, details: str) -> None:
    outcome = client.run(ask, Target(server.address), failed("INTERNAL", details=details), "Fail")
    assert (outcome.code, outcome.details) == ("INTERNAL", details)


def test_binary_details_and_trailing_metadata_of_a_failure_arrive(client: Client, server: Server) -> None:
    wanted = [("grpc-status-details-bin", b"\x08\x05\xff"), ("x-hint-bin", bytes(40))]
    trailing = [(key, value.hex()) for key, value in wanted]
    outcome = client.run(ask, Target(server.address), failed("INTERNAL", trailing=trailing), "Fail")
    assert [pair for pair in outcome.trailing if pair[0].endswith("-bin")] == wanted


def test_a_stream_that_fails_halfway_keeps_what_came(client: Client, server: Server) -> None:
    request = json.dumps({"messages": 3, "bytes": 5}).encode()
    outcome = client.run(ask, Target(server.address), request, "FailStream", "unary_stream")
    assert (outcome.code, outcome.details, len(outcome.messages)) == ("ABORTED", "enough", 3)


def test_a_method_that_is_not_there_is_unimplemented(client: Client, server: Server) -> None:
    assert client.run(ask, Target(server.address), b"", "Nowhere").code == "UNIMPLEMENTED"


def faces(target: Target, request: bytes) -> dict[str, Any]:
    """Return what an error of a unary call and of a stream are, as Python sees them."""
    channel = target.open()
    unary: Any = channel.unary_unary(SERVICE + "Fail", None, None)
    stream: Any = channel.unary_stream(SERVICE + "FailStream", None, None)
    errors: dict[str, Any] = {}
    ways: dict[str, Callable[[], Any]] = {
        "call": lambda: unary(request, timeout=PATIENCE_S),
        "with_call": lambda: unary.with_call(request, timeout=PATIENCE_S),
        "stream": lambda: list(stream(b'{"messages": 0, "bytes": 0}', timeout=PATIENCE_S)),
    }
    for name, way in ways.items():
        try:
            way()
        except grpc.RpcError as error:
            told: Any = error
            errors[name] = isinstance(error, grpc.Call), told.code() is not None, "StatusCode." in str(error)
    channel.close()
    return errors


def test_an_error_is_an_rpc_error_and_a_call_by_every_way_of_calling(client: Client, server: Server) -> None:
    told = client.run(faces, Target(server.address), failed("INTERNAL", details="x"))
    assert told == dict.fromkeys(("call", "with_call", "stream"), (True, True, True))
