"""The warden: it ends streams whose token has died, where the target declares that it does."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc

from harness.lab.target.claim_checks import ClaimCheck
from harness.lab.target.verdict import VerifierSettings
from harness.results.row import Cause

RECHECK_S = 0.25
"""The declared lag of a cut: a revocation, or a clock that was moved, is seen within so long."""
_SHORTEST_S = 0.001

Claims = Mapping[str, Any]
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
End = Callable[[Any, Cause], Awaitable[None]]


class Cut(Exception):  # noqa: N818 - a verdict on its way up
    """A stream's token is no good any more."""

    def __init__(self, cause: Cause) -> None:
        super().__init__(cause.name)
        self.cause = cause


@dataclass(frozen=True)
class Warden:
    """Judge the token of an open stream again: at its end, and every ``recheck_s``.

    ``checks`` are the verifier's, ``demands`` its settings as they are now, ``clock`` its clock in seconds
    since the epoch. ``end`` ends a call for a cause.
    """

    checks: Sequence[ClaimCheck]
    demands: Callable[[], VerifierSettings]
    clock: Callable[[], float]
    end: End
    recheck_s: float = RECHECK_S

    def over(self, handler: Handler, claims: Claims) -> Handler:
        """Return the handler of one call, guarded where it is a stream."""
        codec = (handler.request_deserializer, handler.response_serializer)
        behaviours: Any = handler  # grpc's types know the synchronous kind only
        if handler.response_streaming:
            kind = (
                grpc.stream_stream_rpc_method_handler
                if handler.request_streaming
                else grpc.unary_stream_rpc_method_handler
            )
            many = behaviours.stream_stream if handler.request_streaming else behaviours.unary_stream
            return kind(self._guarded(_written_out(many), claims), *codec)
        if handler.request_streaming:
            return grpc.stream_unary_rpc_method_handler(self._guarded(behaviours.stream_unary, claims), *codec)
        return handler

    def _guarded(self, behaviour: Callable[..., Coroutine[Any, Any, Any]], claims: Claims) -> Any:
        async def answer(request: Any, context: Any) -> Any:
            try:
                return await self.guard(behaviour(request, context), claims)
            except Cut as cut:
                await self.end(context, cut.cause)

        return answer

    async def guard(self, stream: Coroutine[Any, Any, Any], claims: Claims) -> Any:
        """Carry a stream out and return what it does; raises `Cut` when its token dies first."""
        scope = asyncio.timeout(None)
        watch: asyncio.Task[Cause] | None = None
        try:
            async with scope:
                watch = asyncio.create_task(self._watch(claims, scope))
                return await stream
        except TimeoutError:
            if watch is None or not scope.expired():
                raise
            raise Cut(watch.result()) from None
        finally:
            if watch is not None:
                watch.cancel()

    async def _watch(self, claims: Claims, scope: asyncio.Timeout) -> Cause:
        while (cause := self._judge(claims)) is Cause.OK:  # noqa: ASYNC110 - a clock decides, and none tells us
            await asyncio.sleep(min(self.recheck_s, max(self._left_s(claims), _SHORTEST_S)))
        scope.reschedule(asyncio.get_running_loop().time())
        return cause

    def _judge(self, claims: Claims) -> Cause:
        demands, now_s = self.demands(), self.clock()
        causes = (check(claims, demands, now_s) for check in self.checks)
        return next((cause for cause in causes if cause is not Cause.OK), Cause.OK)

    def _left_s(self, claims: Claims) -> float:
        end = claims.get("exp")
        return end + self.demands().leeway_s - self.clock() if isinstance(end, int | float) else self.recheck_s


def _written_out(behaviour: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, None]]:
    """Return a generator's behaviour as a coroutine: a cut must reach a write that its reader holds up, too."""

    async def answer(request: Any, context: Any) -> None:
        async with aclosing(behaviour(request, context)) as responses:
            async for response in responses:
                await context.write(response)

    return answer
