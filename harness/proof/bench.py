"""The bench of the lab's ledger: the catalogue's procedures, and every specimen, run on this."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import count
from typing import Any, Protocol

from harness.clock import monotonic, wall
from harness.defects import bearer
from harness.defects.bench import Answer, BenchStream, Metadata, Shape
from harness.defects.caller import Caller, OpenStream, call_with_plugin
from harness.defects.good import Good
from harness.defects.raw_caller import RawCaller
from harness.endpoint import Endpoint
from harness.endpoint.opening import open_aio_channel
from harness.lab.plan import TargetSettings
from harness.lab.proto import ledger_pb2 as pb
from harness.proof.key_server import KeyStage
from harness.results.classify import classify
from harness.results.row import Origin

_SERVICE = pb.DESCRIPTOR.services_by_name["Ledger"]
_PATH = f"/{_SERVICE.full_name}"
_FROZEN_PPM = -1e6

SHAPES = (
    Shape("unary", f"{_PATH}/Transfer"),
    Shape("server stream", f"{_PATH}/ListTransfers", many_responses=True),
    Shape("client stream", f"{_PATH}/ImportTransfers", many_requests=True),
    Shape("silent client stream", f"{_PATH}/ImportTransfers", many_requests=True, silent=True),
    Shape("bidi", f"{_PATH}/StreamTransfers", many_requests=True, many_responses=True),
    Shape("silent bidi", f"{_PATH}/StreamTransfers", many_requests=True, many_responses=True, silent=True),
)
"""All four kinds of call, streams of requests with and without a first message."""


class Levers(Protocol):
    """What moves the target: its clock and its revocations."""

    async def move_clock(self, skew_s: float, rate_ppm: float) -> None:
        """Put the verifier's clock ahead, and let it drift from there."""

    async def revoke_through(self, generation: int | None) -> None:
        """Revoke the tokens up to a generation; None revokes none."""


class LedgerBench:
    """One target that trusts one issuer, both in our hands."""

    shapes: Sequence[Shape] = SHAPES
    methods: Mapping[str, Sequence[str]] = {
        "unary": (f"{_PATH}/GetBalance", f"{_PATH}/Transfer", f"{_PATH}/FindTransfer"),
        "server stream": (f"{_PATH}/ListTransfers",),
        "client stream": (f"{_PATH}/ImportTransfers",),
        "bidi": (f"{_PATH}/StreamTransfers",),
    }

    def __init__(
        self,
        address: str,
        good: Good,
        keys: KeyStage,
        levers: Levers,
        settings: TargetSettings,
        deadline_s: float = 3.0,
    ) -> None:
        self.good = good
        self.declared = frozenset({"streams-checked-once"})
        self.cooldown_s, self.keys_lifetime_s = settings.keys_cooldown_s, settings.keys_lifetime_s
        self.address, self._keys, self._levers, self._deadline_s = address, keys, levers, deadline_s
        self._caller = Caller(open_aio_channel(Endpoint((address,)), address))
        self._raw = RawCaller(address)
        self._shapes = {shape.name: shape for shape in SHAPES}
        self._serials = count(1)
        self._good = bearer(good.token())

    async def close(self) -> None:
        """Close the channels."""
        await self._caller.close()
        await self._raw.close()

    async def call(
        self,
        metadata: Metadata,
        shape: str = "unary",
        *,
        method: str = "",
        raw: bool = False,
        patient: bool = True,
        alone: bool = False,
    ) -> Answer:
        """Make one call, then look for its side effect with a good token: the control after it."""
        kind, nonce = self._shapes[shape], f"bench-{next(self._serials)}"
        path = method or kind.method
        request, started_s = _request(path, nonce), monotonic()
        if raw:
            answer = await self._raw.call(kind, path, metadata, request, self._deadline_s)
        else:
            answer = await self._caller.call(kind, path, metadata, request, self._deadline_s, patient=patient)
        took_s = monotonic() - started_s
        if alone:
            return replace(answer, took_s=took_s)
        code = await self._find(nonce, raw=raw)
        neighbour = "" if code in {"OK", "NOT_FOUND"} else code
        return replace(answer, carried_out=code == "OK", neighbour=neighbour, took_s=took_s)

    async def control(self) -> Answer:
        """Make one good call."""
        return await self.call(self._good)

    @asynccontextmanager
    async def stream(self, metadata: Metadata) -> AsyncIterator[BenchStream]:
        """Open a bidi call."""
        call = self._caller.open(self._shapes["bidi"].method, metadata, self._deadline_s * 4)
        try:
            yield OpenStream(call, _transfer)
        finally:
            call.cancel()

    async def with_plugin(self, metadata: Metadata, *, secure: bool) -> Answer:
        """Make a call whose client adds a good token by a credentials plugin."""
        token = str(self._good[0][1]).removeprefix("Bearer ")
        request = _transfer(f"plugin-{next(self._serials)}")
        code, text = await asyncio.to_thread(
            call_with_plugin, self.address, SHAPES[0].method, token, metadata, request, secure=secure
        )
        origin, _ = classify(code.value[0], text)
        return Answer(code.name, text, local=origin is Origin.LOCAL)

    async def publish(self, jwks: Mapping[str, Any], trouble: str = "") -> None:
        """Publish another key set, or trouble."""
        self._keys.publish(jwks, trouble)

    def fetches(self) -> int:
        """Return how often the key set was asked for."""
        return self._keys.fetches

    def canary_hits(self) -> int:
        """Return how often the canary was asked for."""
        return self._keys.canary_hits

    async def freeze(self, at_s: float | None) -> None:
        """Stop the target's clock at a time; None lets it go on, and right."""
        if at_s is None:
            await self._levers.move_clock(0.0, 0.0)
        else:
            await self._levers.move_clock(at_s - wall(), _FROZEN_PPM)

    async def move_clock(self, skew_s: float) -> None:
        """Put the target's clock ahead of this machine's."""
        await self._levers.move_clock(skew_s, 0.0)

    async def revoke(self, generation: int | None) -> None:
        """Revoke the tokens up to a generation."""
        await self._levers.revoke_through(generation)

    async def pause(self, seconds: float) -> None:
        """Let time pass where a cache must age."""
        await asyncio.sleep(seconds)

    async def _find(self, nonce: str, *, raw: bool) -> str:
        path, request = f"{_PATH}/FindTransfer", pb.FindRequest(nonce=nonce).SerializeToString()
        if raw:
            return (await self._raw.call(SHAPES[0], path, self._good, request, self._deadline_s)).code
        return (await self._caller.call(SHAPES[0], path, self._good, request, self._deadline_s)).code


def _request(path: str, nonce: str) -> bytes:
    """Return a message that every method of the ledger reads as one of its own."""
    if path.startswith("/grpc."):
        return b""
    if path.endswith("/ListTransfers"):
        return pb.ListRequest(account="bench-a", limit=1).SerializeToString()
    return _transfer(nonce)


def _transfer(nonce: str) -> bytes:
    order = pb.TransferRequest(from_account="bench-a", to_account="bench-b", cents=1, nonce=nonce)
    return order.SerializeToString()
