"""The gate: one interceptor before all four RPC kinds that lets calls with a good token in."""

import logging
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import grpc

from harness.lab.target.bearer import read_bearer
from harness.lab.target.key_cache import KeyCache
from harness.lab.target.key_set import KeySet
from harness.lab.target.pace import AnswerPace
from harness.lab.target.verdict import TokenVerdict, VerifierSettings
from harness.lab.target.verifier import verify
from harness.lab.target.warden import Warden
from harness.results.row import Cause

VERDICT_KEY = "x-jwtstorm-verdict"
"""Trailer of every answer: the verifier's verdict, the name of a `Cause` in lower case."""

TEXTS = {
    Cause.EXPIRED: "token expired",
    Cause.NOT_YET_VALID: "token not yet valid",
    Cause.BAD_SIGNATURE: "bad signature",
    Cause.UNKNOWN_KEY: "unknown key",
    Cause.WRONG_ALGORITHM: "algorithm not allowed",
    Cause.WRONG_AUDIENCE: "wrong audience",
    Cause.WRONG_ISSUER: "wrong issuer",
    Cause.MISSING_CLAIM: "required claim missing",
    Cause.MISSING_METADATA: "authorization metadata missing",
    Cause.MALFORMED: "malformed token",
    Cause.REVOKED: "token revoked",
    Cause.KEYS_UNAVAILABLE: "verification keys unavailable",
    Cause.UNAUTHENTICATED: "token could not be verified",
    Cause.DENIED: "scope missing",
}
"""What a rejected caller reads: fixed texts, without token, clock or stack."""

_log = logging.getLogger(__name__)

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Maybe: TypeAlias = "grpc.RpcMethodHandler[Any, Any] | None"
Metadata = Iterable[tuple[str, str | bytes]]


def is_open(method: str) -> bool:
    """Return whether a method wants no token: health, for probes carry no credentials."""
    return method.startswith("/grpc.health.v1.Health/")


def turn_away(cause: Cause) -> Handler:
    """Return the handler that answers a call with this verdict, of whatever kind the call is."""
    return _REJECTIONS[cause]


@dataclass(eq=False)
class Gate(grpc.aio.ServerInterceptor):  # type: ignore[type-arg] # it takes none at run time
    """Judge each call before its handler and before its first message.

    ``clock`` is the verifier's, in seconds since the epoch. ``verdicts`` and ``handled`` count.
    ``scopes`` tells the scope that a method asks for; a method without one asks for none.
    ``read``, ``verify``, ``is_open`` and ``turn_away`` are its parts: those that are right, unless
    the zoo puts others in their place. ``warden`` ends streams with their token; without one, a token is
    judged once.
    """

    keys: KeyCache
    settings: VerifierSettings
    clock: Callable[[], float]
    pace: AnswerPace
    read: Callable[[Metadata], str | Cause] = read_bearer
    verify: Callable[[str, KeySet, VerifierSettings, float], TokenVerdict] = verify
    is_open: Callable[[str], bool] = is_open
    turn_away: Callable[[Cause], Handler] = turn_away
    scopes: Mapping[str, str] = field(default_factory=dict)
    warden: Warden | None = None
    verdicts: Counter[str] = field(default_factory=Counter)
    handled: Counter[str] = field(default_factory=Counter)
    _admitted: dict[str, Handler] = field(default_factory=dict)

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Maybe]], details: grpc.HandlerCallDetails
    ) -> Handler:
        """Return the method's handler, or one that rejects."""
        if self.is_open(details.method):
            return await continuation(details) or _NO_SUCH_METHOD
        verdict = await self._judge(details.invocation_metadata, details.method)
        self.verdicts[verdict.cause.name.lower()] += 1
        if verdict.cause is not Cause.OK:
            return self.turn_away(verdict.cause)
        admitted = self._admitted.get(details.method) or self._admit(details.method, await continuation(details))
        return admitted if self.warden is None else self.warden.over(admitted, verdict.claims)

    async def _judge(self, metadata: Metadata, method: str) -> TokenVerdict:
        """Return the verdict; an error of ours turns the call away, never in."""
        try:
            token = self.read(metadata)
            if isinstance(token, Cause):
                return TokenVerdict(token)
            verdict = await self._judge_token(token)
            return self._judge_scope(verdict, method) if verdict.cause is Cause.OK else verdict
        except Exception as error:  # noqa: BLE001 - whatever failed, the call must not get in
            # No message: it may quote the token.
            places = "".join(traceback.format_tb(error.__traceback__))
            _log.error("the verifier failed with %s; the call was turned away\n%s", type(error).__name__, places)
            return TokenVerdict(Cause.UNAUTHENTICATED)

    async def _judge_token(self, token: str) -> TokenVerdict:
        keys = self.keys.fresh() or await self.keys.current()
        if keys is None:
            return TokenVerdict(Cause.KEYS_UNAVAILABLE)
        verdict = self._verify(token, keys)
        if not verdict.kid:
            return verdict
        keys = await self.keys.for_unknown_key() or keys
        verdict = self._verify(token, keys)
        # A key that we cannot look up is our trouble, not the caller's.
        ours = verdict.cause is Cause.UNKNOWN_KEY and self.keys.failing
        return TokenVerdict(Cause.KEYS_UNAVAILABLE) if ours else verdict

    def _judge_scope(self, verdict: TokenVerdict, method: str) -> TokenVerdict:
        wanted = self.scopes.get(method)
        granted = verdict.claims.get("scope", "")
        held = wanted is None or (isinstance(granted, str) and wanted in granted.split(" "))
        return verdict if held else TokenVerdict(Cause.DENIED)

    def _verify(self, token: str, keys: KeySet) -> TokenVerdict:
        return self.verify(token, keys, self.settings, self.clock())

    def _admit(self, method: str, handler: Maybe) -> Handler:
        """Return a handler that tells the verdict and keeps the pace; kept for methods that exist."""
        if handler is None:
            return _NO_SUCH_METHOD
        self._admitted[method] = admitted = _wrapped(handler, _Passage(method.rpartition("/")[2], self))
        return admitted


@dataclass(frozen=True)
class _Passage:
    """What an admitted call passes: the verdict's trailer, the count, and the pace."""

    method: str
    gate: Gate

    def enter(self, context: Any) -> None:
        context.set_trailing_metadata(_trailer(Cause.OK))
        self.gate.handled[self.method] += 1

    def one(self, behaviour: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Wrap a behaviour with one response: its side effect comes first, then the wait."""

        async def answer(request: Any, context: Any) -> Any:
            self.enter(context)
            response = await behaviour(request, context)
            await self.gate.pace.hold()
            return response

        return answer

    def many(self, behaviour: Callable[..., AsyncIterator[Any]]) -> Callable[..., AsyncIterator[Any]]:
        """Wrap a behaviour with a stream of responses: the wait stands before the first."""

        async def answer(request: Any, context: Any) -> AsyncIterator[Any]:
            self.enter(context)
            await self.gate.pace.hold()
            async with aclosing(behaviour(request, context)) as responses:  # type: ignore[type-var]
                async for response in responses:
                    yield response

        return answer


def _wrapped(handler: Handler, passage: _Passage) -> Handler:
    """Return the handler of the same kind, with its behaviour wrapped."""
    codec = (handler.request_deserializer, handler.response_serializer)
    behaviours: Any = handler  # grpc's types know the synchronous kind only
    if handler.request_streaming and handler.response_streaming:
        return grpc.stream_stream_rpc_method_handler(passage.many(behaviours.stream_stream), *codec)
    if handler.request_streaming:
        return grpc.stream_unary_rpc_method_handler(passage.one(behaviours.stream_unary), *codec)
    if handler.response_streaming:
        return grpc.unary_stream_rpc_method_handler(passage.many(behaviours.unary_stream), *codec)
    return grpc.unary_unary_rpc_method_handler(passage.one(behaviours.unary_unary), *codec)


def _trailer(cause: Cause) -> tuple[tuple[str, str], ...]:
    return ((VERDICT_KEY, cause.name.lower()),)


async def cut(context: Any, cause: Cause) -> None:
    """End a stream that was let in, as a call with such a token is turned away."""
    await context.abort(_CODES.get(cause, grpc.StatusCode.UNAUTHENTICATED), TEXTS[cause], _trailer(cause))


def rejection(code: grpc.StatusCode, text: str, cause: Cause) -> Handler:
    """Return a handler that ends a call of any kind at once, with the verdict in its trailer.

    It is a stream handler for every kind (the wire does not tell them apart): one for a single
    request would wait for the first message, which a rejected stream may never send.
    """

    async def abort(_requests: Any, context: Any) -> None:
        await context.abort(code, text, _trailer(cause))

    return grpc.stream_stream_rpc_method_handler(abort)


_CODES = {
    Cause.KEYS_UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Cause.DENIED: grpc.StatusCode.PERMISSION_DENIED,
}
"""A key source that is down is no fault of the caller; a scope that is missing is not cured by another token."""


_REJECTIONS = {
    cause: rejection(_CODES.get(cause, grpc.StatusCode.UNAUTHENTICATED), text, cause) for cause, text in TEXTS.items()
}
_NO_SUCH_METHOD = rejection(grpc.StatusCode.UNIMPLEMENTED, "no such method", Cause.OK)
