import asyncio

import pytest

from harness.defects.bench import Answer, Shape
from harness.defects.caller import Caller
from harness.endpoint import Endpoint
from harness.endpoint.metadata import Metadata
from harness.endpoint.opening import open_aio_channel
from harness.errors import RunError
from harness.results.classify import INTERNAL, classify
from harness.results.row import Cause, Origin

BOUND_S = 30.0
NOWHERE = Endpoint(("127.0.0.1:1",))
SHAPES = [Shape("unary", "/x/Y", many, replies) for many in (False, True) for replies in (False, True)]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape.many_requests}-{shape.many_responses}")
@pytest.mark.parametrize("metadata", [(("authorization", "Bearer \ufeffa.b.c"),), (("Key", "a"),), (("x-bin", "a"),)])
def test_a_call_that_cannot_be_sent_ends_at_once_as_the_clients_own(shape: Shape, metadata: Metadata) -> None:
    async def call() -> Answer:
        caller = Caller(open_aio_channel(NOWHERE, NOWHERE.addresses[0]))
        try:
            return await asyncio.wait_for(caller.call(shape, "/x/Y", metadata, b"", 5), BOUND_S)
        finally:
            await caller.close()

    answer = asyncio.run(call())
    assert (answer.code, answer.local) == ("INTERNAL", True)
    assert classify(INTERNAL, answer.text) == (Origin.LOCAL, Cause.ILLEGAL_METADATA)


def test_a_stream_that_cannot_be_opened_says_why() -> None:
    async def open_stream() -> None:
        caller = Caller(open_aio_channel(NOWHERE, NOWHERE.addresses[0]))
        try:
            caller.open("/x/Y", (("authorization", "a\nb"),), 5)
        finally:
            await caller.close()

    with pytest.raises(RunError, match=r"U\+000A at character 2; send printable ASCII"):
        asyncio.run(open_stream())
