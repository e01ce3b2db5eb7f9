"""Calls of every kind over grpc.aio, as bytes: it needs no stubs, and sends any metadata that gRPC sends."""

import asyncio
import re
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import grpc

from harness.defects.bench import Answer, Metadata, Shape
from harness.endpoint.further import Further
from harness.endpoint.metadata import unsendable
from harness.endpoint.proxy import HEEDLESS
from harness.errors import RunError
from harness.results.failure_details import FailureDetails

_SILENCE_S = 2.0
"""How long a stream that sends nothing may wait for its rejection."""


_TRIES = 5
_LOST_RACE = re.compile(r"Failed to execute batch|Internal error from Core|ExecuteBatchError|Failed \"")
"""What grpc.aio says by itself where it sends a message to a call that the server has just ended."""
_HOLD_S = 0.05
"""How much longer each further try holds its first message back, so that the server's answer comes first."""
_EOF: Any = grpc.aio.EOF  # type: ignore[attr-defined]


class Caller:
    """Calls of all shapes over one channel, which it closes in the end; ``beside`` is what each of them carries."""

    def __init__(self, channel: grpc.aio.Channel, beside: Further | None = None) -> None:
        self._channel: Any = channel
        self._beside = beside or Further()
        self._numbers = count()

    async def close(self) -> None:
        """Close the channel."""
        await self._channel.close()

    async def call(
        self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float, *, patient: bool = True
    ) -> Answer:
        """Make one call; return how it ended.

        A silent shape sends nothing until it is answered; not ``patient``, it half-closes at once.
        """
        metadata = self._beside.at(next(self._numbers)) + metadata
        for tried in range(_TRIES):
            message = _one(request, tried * _HOLD_S) if shape.many_requests else request
            answer = await self._call(shape, method, metadata, message, within_s, patient=patient)
            if answer.code != "INTERNAL" or not _LOST_RACE.search(answer.text):
                break
        return answer

    async def _call(
        self, shape: Shape, method: str, metadata: Metadata, request: Any, within_s: float, *, patient: bool
    ) -> Answer:
        if refused := unsendable(metadata):  # grpc.aio would never end such a call
            return Answer("INTERNAL", f"Invalid metadata: {refused}", local=True)
        silence_s = _SILENCE_S if shape.silent and patient else 0.0
        call = self._begin(shape, method, metadata, request, within_s + silence_s)
        in_silence = await _answered(call) if silence_s else False
        if shape.silent and not in_silence:
            await _half_close(call)
        messages = await _read_all(call) if shape.many_responses else 0
        code, text = await call.code(), await call.details()
        if not shape.many_responses and code is grpc.StatusCode.OK:
            messages = 1
        return Answer(
            code.name, text or "", messages, in_silence=in_silence, failure_details=await _failure_details(call)
        )

    def open(self, method: str, metadata: Metadata, within_s: float) -> Any:
        """Open a bidi call and return it; raises `RunError` for metadata that cannot be sent."""
        metadata = self._beside.at(next(self._numbers)) + metadata
        if refused := unsendable(metadata):
            raise RunError(f"{method} cannot be called: {refused}; send printable ASCII, or bytes under a -bin key")
        return self._channel.stream_stream(method)(metadata=metadata, timeout=within_s)

    def _begin(self, shape: Shape, method: str, metadata: Metadata, request: Any, within_s: float) -> Any:
        kind = f"{'stream' if shape.many_requests else 'unary'}_{'stream' if shape.many_responses else 'unary'}"
        begin = getattr(self._channel, kind)(method)
        if not shape.many_requests:
            return begin(request, metadata=metadata, timeout=within_s)
        return begin(None if shape.silent else request, metadata=metadata, timeout=within_s)


async def _one(request: bytes, hold_s: float) -> AsyncIterator[bytes]:
    if hold_s:
        await asyncio.sleep(hold_s)
    yield request


async def _answered(call: Any) -> bool:
    """Wait for the answer to a call that sends nothing."""
    waiting = asyncio.ensure_future(call.code())
    done, _ = await asyncio.wait({waiting}, timeout=_SILENCE_S)
    return bool(done)


async def _failure_details(call: Any) -> FailureDetails:
    initial, trailing = await call.initial_metadata(), await call.trailing_metadata()
    return FailureDetails.of([*(trailing or ()), *(initial or ())])


async def _half_close(call: Any) -> None:
    try:
        await call.done_writing()
    except (asyncio.InvalidStateError, grpc.RpcError):
        return  # it has ended


async def _read_all(call: Any) -> int:
    messages = 0
    try:
        async for _ in call:
            messages += 1
    except grpc.RpcError:
        pass  # the status says it
    return messages


def call_with_plugin(
    address: str, method: str, token: str, metadata: Metadata, request: bytes, *, secure: bool
) -> tuple[grpc.StatusCode, str]:
    """Make a unary call whose client adds a token by a credentials plugin; return its status and text.

    Synchronous, for grpc.aio raises where the common client answers by itself.
    """
    added = grpc.access_token_call_credentials(token)
    if secure:
        both = grpc.composite_channel_credentials(grpc.local_channel_credentials(), added)
        opened = grpc.secure_channel(address, both, options=HEEDLESS)
    else:
        opened = grpc.insecure_channel(address, options=HEEDLESS)
    with opened as channel:
        unary: Any = channel.unary_unary
        call = unary(method).future(request, metadata=metadata, credentials=None if secure else added, timeout=5)
        return call.code(), call.details() or ""


class OpenStream:
    """An open bidi call that sends one message at a time."""

    def __init__(self, call: Any, request: Any) -> None:
        self._call = call
        self._request = request

    async def ask(self, nonce: str) -> bool:
        """Send a message and return whether its answer came."""
        try:
            await self._call.write(self._request(nonce))
            return await self._call.read() is not _EOF
        except (grpc.RpcError, asyncio.InvalidStateError):
            return False

    async def ending(self) -> Answer:
        """Half-close, and return how the call ended."""
        await _half_close(self._call)
        code = await self._call.code()
        return Answer(code.name, await self._call.details() or "")
