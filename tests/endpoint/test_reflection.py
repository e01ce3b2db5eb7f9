from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from grpc_reflection.v1alpha import reflection, reflection_pb2

from harness.endpoint import Endpoint
from harness.endpoint.methods import from_reflection
from harness.endpoint.opening import open_channel
from harness.endpoint.reflection import METHODS
from harness.errors import UsageError
from tests.endpoint.ledger_server import SERVICE


@pytest.fixture
def newer() -> Iterator[str]:
    """Serve the newer protocol alone, to those with a token."""
    servicer: Any = reflection.ReflectionServicer((SERVICE,))

    def answer(requests: Iterator[object], context: grpc.ServicerContext) -> Iterator[object]:
        if ("authorization", "Bearer good") not in tuple(context.invocation_metadata()):
            given = str(dict(context.invocation_metadata()).get("authorization"))
            context.abort(grpc.StatusCode.UNAUTHENTICATED, f"who? {given}")
        yield from servicer.ServerReflectionInfo(requests, context)

    handler = grpc.stream_stream_rpc_method_handler(
        answer,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.so_reuseport", 0)])
    service, _, name = METHODS[0].lstrip("/").partition("/")
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {name: handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(grace=None).wait()


@pytest.mark.e2e
def test_a_server_of_the_newer_protocol_alone_is_read_with_a_token(newer: str) -> None:
    with open_channel(Endpoint((newer,)), newer) as channel:
        methods = from_reflection(channel, (("authorization", "Bearer good"),))
    assert methods.find(f"{SERVICE}/GetBalance").kind == "unary"


@pytest.mark.e2e
def test_reflection_that_turns_us_away_says_so_without_the_token_it_repeats(newer: str) -> None:
    with (
        open_channel(Endpoint((newer,)), newer) as channel,
        pytest.raises(UsageError, match=r"turned the token away \(UNAUTHENTICATED: who\? \[token\]\); give --proto"),
    ):
        from_reflection(channel, (("authorization", "Bearer bad"),))
