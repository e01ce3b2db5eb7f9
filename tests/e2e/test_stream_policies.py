"""What a target declares of streams that outlive their token, on a real server, for all three kinds of stream."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import pytest

from harness.clock import wall
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.lab.target.verdict import CHECKED_ONCE, CUT_AT_EXPIRY
from harness.proof.bench import LedgerBench
from harness.proof.target import stage

pytestmark = [pytest.mark.e2e, pytest.mark.transports]

METADATA = "authorization"
WITHIN_S = 5.0


async def _nothing_more(*requests: Any) -> AsyncIterator[Any]:
    for request in requests:
        yield request
    await asyncio.Event().wait()


def _order(nonce: str) -> Any:
    return pb.TransferRequest(from_account="a", to_account="b", cents=1, nonce=nonce)


def _list(stub: Any, metadata: Any) -> Any:
    return stub.ListTransfers(pb.ListRequest(account="a", interval_s=60), metadata=metadata)


def _import(stub: Any, metadata: Any) -> Any:
    return stub.ImportTransfers(_nothing_more(_order("i1")), metadata=metadata)


def _trade(stub: Any, metadata: Any) -> Any:
    return stub.StreamTransfers(_nothing_more(_order("s1")), metadata=metadata)


async def _carried_out(stub: Any, metadata: Any, nonce: str) -> None:
    """Wait until a transfer has happened: its stream was let in."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            try:
                await stub.FindTransfer(pb.FindRequest(nonce=nonce), metadata=metadata)
            except grpc.RpcError:
                await asyncio.sleep(0.01)
            else:
                return


every_kind = pytest.mark.parametrize("open_stream", [_list, _import, _trade])


async def _ending(bench: LedgerBench, open_stream: Callable[..., Any], deed: Callable[[], Any], life_s: int) -> str:
    """Open a stream, do a deed while it is open, and return the status it ends with, or ``open``."""
    async with grpc.aio.insecure_channel(bench.address) as channel:
        stub = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
        token = bench.good.token(exp=int(wall()) + life_s, jti="3-1")
        metadata = ((METADATA, f"Bearer {token}"),)
        for nonce in ("l1", "l2"):
            await stub.Transfer(_order(nonce), metadata=metadata)
        stream = open_stream(stub, metadata)
        await (_carried_out(stub, metadata, "i1") if open_stream is _import else stream.read())
        await deed()
        done, _ = await asyncio.wait([asyncio.ensure_future(stream.code())], timeout=WITHIN_S)
        return done.pop().result().name if done else "open"


@every_kind
def test_a_target_that_cuts_ends_a_stream_with_its_token(open_stream: Callable[..., Any]) -> None:
    async def run() -> str:
        async with stage("ES256", streams=CUT_AT_EXPIRY) as bench:
            return await _ending(bench, open_stream, lambda: asyncio.sleep(0), life_s=2)

    assert asyncio.run(run()) == "UNAUTHENTICATED"


@every_kind
def test_a_target_that_cuts_ends_a_stream_whose_token_is_revoked(open_stream: Callable[..., Any]) -> None:
    async def run() -> str:
        async with stage("ES256", streams=CUT_AT_EXPIRY) as bench:
            return await _ending(bench, open_stream, lambda: bench.revoke(3), life_s=300)

    assert asyncio.run(run()) == "UNAUTHENTICATED"


@pytest.mark.parametrize(("streams", "animals"), [(CHECKED_ONCE, ()), (CUT_AT_EXPIRY, ("immortal-stream",))])
def test_a_target_that_checks_once_lets_a_stream_outlive_its_token(streams: str, animals: tuple[str, ...]) -> None:
    async def run() -> str:
        async with stage("ES256", animals, streams=streams) as bench:
            return await _ending(bench, _trade, lambda: bench.move_clock(400), life_s=300)

    assert asyncio.run(run()) == "open"


@pytest.mark.parametrize(
    ("animal", "forgotten"),
    [
        ("leaves-server-streams-open", _list),
        ("leaves-client-streams-open", _import),
        ("leaves-bidi-streams-open", _trade),
    ],
)
def test_a_target_that_forgets_one_kind_cuts_the_others(animal: str, forgotten: Callable[..., Any]) -> None:
    async def run() -> set[Callable[..., Any]]:
        found = set()
        for kind in (_list, _import, _trade):
            async with stage("ES256", (animal,), streams=CUT_AT_EXPIRY) as bench:
                if await _ending(bench, kind, lambda: bench.move_clock(400), life_s=300) == "open":
                    found.add(kind)
        return found

    assert asyncio.run(run()) == {forgotten}
