"""The channel: what generated stubs call, with tokens, faults and recording in one short path.

It wraps any object with ``unary_unary``, ``unary_stream``, ``stream_unary`` and ``stream_stream``.
A call takes a token, attaches it as metadata (call credentials dead-lock under gevent), sends, and
records one row per attempt; after UNAUTHENTICATED it renews the token and sends once more, where
no response message was seen and the request can be read again. A failed call raises its
`grpc.RpcError`, recorded already: `harness.users` ends the task there.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import grpc

from harness import clock
from harness.auth.classify import VERDICT_KEY, classify
from harness.auth.keeper import Grant, Keeper
from harness.auth.refresh import Decision, Tokens
from harness.auth.token import Token
from harness.calls import NO_LIFE, Cause, Flag, Origin
from harness.errors import TokenError
from harness.faults import CallView, Metadata
from harness.timeline import CallFaults, Step

_UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED.value[0]


class NoToken(grpc.RpcError):
    """A call that was not sent for want of a token; shaped like the library's own errors."""

    def __init__(self, error: TokenError) -> None:
        super().__init__(str(error))
        self.error = error

    def code(self) -> grpc.StatusCode:
        """Return UNAUTHENTICATED, as the library does when credentials fail."""
        return grpc.StatusCode.UNAUTHENTICATED

    def details(self) -> str:
        """Return why there was no token."""
        return str(self.error)


@dataclass(slots=True)
class Arrival:
    """A call that is due, as its user took it; monotonic ns."""

    call_id: int
    intended_ns: int
    taken_ns: int
    flags: int = 0
    calls: int = 0
    """Calls made so far in this task."""
    finals: int = 0
    """Calls of this task that have ended and are recorded."""


@dataclass(slots=True)
class Attempt:
    """What is known of one attempt when it ends."""

    arrival: Arrival
    nth: int
    number: int
    method: str
    sent_ns: int
    end_ns: int = 0
    token: Token | None = None
    decision: Decision | None = None
    now_s: float = 0.0
    steps: int = 0
    messages: int = 0
    code: int = -1
    origin: Origin = Origin.NONE
    cause: Cause = Cause.OK
    details: str = ""

    def life_ms(self) -> int:
        """Return the token's life left at send, in ms; `NO_LIFE` without a token."""
        if self.token is None:
            return NO_LIFE
        return int(max(min(self.token.life_s(self.now_s) * 1e3, 2**31 - 1), NO_LIFE + 1))


class Recorder(Protocol):
    """Where attempts go."""

    def attempt(self, attempt: Attempt, *, final: bool) -> None:
        """Record an attempt that has ended."""


@dataclass
class Client:
    """One caller: its keeper, its settings, and the arrival at hand.

    ``zero_ns`` tells the monotonic time zero of the run, or 0 before it is known.
    """

    keeper: Keeper
    tokens: Tokens
    faults: CallFaults
    recorder: Recorder
    deadline_s: float
    zero_ns: Callable[[], int]
    arrival: Arrival | None = None
    proven: Token | None = None
    """The last token with which a call of this caller succeeded."""

    def begin(self) -> tuple[Arrival, int]:
        """Return the arrival that a call belongs to, and its place in the task.

        Later calls of a task, and calls outside one, have no plan: they are due when they are made.
        """
        arrival = self.arrival
        if arrival is None:
            now_ns = clock.monotonic_ns()
            return Arrival(-1, now_ns, now_ns), 0
        arrival.calls += 1
        if arrival.calls == 1:
            return arrival, 0
        now_ns = clock.monotonic_ns()
        return Arrival(arrival.call_id, now_ns, now_ns, arrival.flags & ~(Flag.PLANNED | Flag.BUSY)), arrival.calls - 1


class _Call:
    """One call from its first attempt to its last."""

    def __init__(self, client: Client, method: str, timeout: float | None, metadata: Metadata | None) -> None:
        self._client = client
        self._method = method
        self._metadata: Metadata = tuple(metadata) if metadata else ()
        self._arrival, self._nth = client.begin()
        self._deadline_s = clock.monotonic() + (client.deadline_s if timeout is None else timeout)
        self._due_s = (self._arrival.intended_ns - client.zero_ns()) / 1e9
        self._number = 0
        self._attempt = self._new_attempt()

    def prepare(self) -> tuple[Metadata, float]:
        """Return metadata and time-out of the next attempt; raises `NoToken`, recorded."""
        client, attempt = self._client, self._attempt
        touching = self._touching()
        now = partial(self._now, touching) if touching else clock.wall
        try:
            grant = self._grant(touching, now)
        except TokenError as error:
            attempt.sent_ns = attempt.end_ns = clock.monotonic_ns()
            attempt.origin, attempt.cause = Origin.TOKEN_SOURCE, Cause[error.cause]
            attempt.details = str(error)
            client.recorder.attempt(attempt, final=True)
            raise NoToken(error) from error
        attempt.token, attempt.decision = grant.token, grant.decision
        metadata = (*self._metadata, (client.tokens.key, f"{client.tokens.scheme} {grant.token.text}".lstrip()))
        if touching:
            metadata = self._chaos(touching, metadata)
        attempt.now_s = now()
        attempt.sent_ns = clock.monotonic_ns()
        return metadata, max(self._deadline_s - attempt.sent_ns / 1e9, 0.001)

    def succeeded(self, messages: int, code: int = 0) -> None:
        """Record the last attempt as good."""
        attempt = self._attempt
        client, token = self._client, attempt.token
        attempt.end_ns, attempt.messages, attempt.code = clock.monotonic_ns(), messages, code
        client.recorder.attempt(attempt, final=True)
        if token is not None and client.proven is not token:
            client.proven = token
            client.keeper.taken(token)

    def failed(self, error: grpc.RpcError, messages: int = 0, *, replay: bool) -> bool:
        """Record a failed attempt; return whether to send once more."""
        attempt = self._attempt
        attempt.end_ns, attempt.messages = clock.monotonic_ns(), messages
        attempt.code, attempt.details = error.code().value[0], error.details() or ""
        attempt.origin, attempt.cause = classify(attempt.code, attempt.details, _verdict(error))
        again = self._again(attempt, replay=replay)
        self._client.recorder.attempt(attempt, final=not again)
        if again:
            self._number += 1
            self._attempt = self._new_attempt()
        return again

    def _again(self, attempt: Attempt, *, replay: bool) -> bool:
        if attempt.code != _UNAUTHENTICATED or attempt.token is None:
            return False
        renewable = self._client.keeper.refused(attempt.token)
        once = self._client.tokens.retry_once and self._number == 0
        return renewable and once and replay and attempt.messages == 0

    def _new_attempt(self) -> Attempt:
        return Attempt(self._arrival, self._nth, self._number, self._method, 0)

    def _touching(self) -> tuple[Step, ...]:
        faults = self._client.faults
        active = faults.active(self._due_s)
        if not active:
            return ()
        call_id = self._arrival.call_id
        return tuple(step for step in active if faults.touches(step, call_id, self._nth, self._number))

    def _grant(self, touching: Sequence[Step], now: Callable[[], float]) -> Grant:
        override = partial(self._override, touching) if touching else None
        return self._client.keeper.get(now, self._deadline_s, override)

    def _now(self, touching: Sequence[Step]) -> float:
        now_s = clock.wall()
        for step in touching:
            shown_s = step.fault.on_clock(now_s, self._due_s - step.at_s)
            self._mark(step, changed=shown_s != now_s)
            now_s = shown_s
        return now_s

    def _override(self, touching: Sequence[Step], decision: Decision, token: Token) -> Decision:
        zero_s = self._client.zero_ns() / 1e9
        for step in touching:
            before = token.obtained_s < zero_s + step.at_s
            changed = Decision(step.fault.on_refresh(decision, before=before))
            self._mark(step, changed=changed is not decision)
            decision = changed
        return decision

    def _mark(self, step: Step, *, changed: bool) -> None:
        """Note in the row that a step's fault changed something about this attempt."""
        if changed:
            self._attempt.steps |= self._client.faults.bit(step)

    def _chaos(self, touching: Sequence[Step], metadata: Metadata) -> Metadata:
        view = CallView(self._method, self._arrival.call_id, self._number, self._due_s)
        delay_s = 0.0
        for step in touching:
            changed = step.fault.on_metadata(metadata), step.fault.on_call(view, delay_s)
            self._mark(step, changed=changed != (metadata, delay_s))
            metadata, delay_s = changed
        if delay_s > 0:
            time.sleep(delay_s)
        return metadata


def _verdict(error: grpc.RpcError) -> str | None:
    trailers: Any = error.trailing_metadata() if hasattr(error, "trailing_metadata") else None
    return next((str(value) for key, value in trailers or () if key == VERDICT_KEY), None)


class _Method:
    """One RPC of a stub."""

    def __init__(self, client: Client, name: str, inner: Callable[..., Any]) -> None:
        self._client = client
        self._name = name
        self._inner = inner

    def future(self, *_: object, **__: object) -> None:
        """Refuse: a task is one call, and its user waits for it."""
        raise NotImplementedError(f"{self._name}.future: a task is one call; call the method itself")


class _OneReply(_Method):
    """Unary or client-stream: one response."""

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        replay = not isinstance(request, Iterator)
        call = _Call(self._client, self._name, timeout, metadata)
        while True:
            sent, left_s = call.prepare()
            try:
                reply = self._inner(request, timeout=left_s, metadata=sent, **options)
            except grpc.RpcError as error:
                if not call.failed(error, replay=replay):
                    raise
            else:
                call.succeeded(1)
                return reply


class _ManyReplies(_Method):
    """Server-stream or bidi: the row is written when the stream ends, or its reader leaves.

    Unlike the library's, the stream is lazy: nothing is sent until its first message is asked for.
    """

    def __call__(
        self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any
    ) -> Iterator[Any]:
        call = _Call(self._client, self._name, timeout, metadata)
        return self._replies(call, request, options)

    def _replies(self, call: _Call, request: Any, options: dict[str, Any]) -> Iterator[Any]:
        replay = not isinstance(request, Iterator)
        while True:
            sent, left_s = call.prepare()
            messages = 0
            stream = self._inner(request, timeout=left_s, metadata=sent, **options)
            try:
                for reply in stream:
                    messages += 1
                    yield reply
            except grpc.RpcError as error:
                if not call.failed(error, messages, replay=replay):
                    raise
            except GeneratorExit:
                stream.cancel()
                call.succeeded(messages, grpc.StatusCode.CANCELLED.value[0])
                raise
            else:
                call.succeeded(messages)
                return


class AuthChannel:
    """A channel for one `Client` over a transport of the same shape."""

    def __init__(self, transport: Any, client: Client) -> None:
        self._transport = transport
        self._client = client

    def unary_unary(self, method: str, *codec: Any, **options: Any) -> _OneReply:
        """Return a unary RPC."""
        return _OneReply(self._client, method, self._transport.unary_unary(method, *codec, **options))

    def stream_unary(self, method: str, *codec: Any, **options: Any) -> _OneReply:
        """Return a client-stream RPC; a list of requests can be sent again, an iterator cannot."""
        inner = self._transport.stream_unary(method, *codec, **options)
        return _OneReply(self._client, method, _iterated(inner))

    def unary_stream(self, method: str, *codec: Any, **options: Any) -> _ManyReplies:
        """Return a server-stream RPC."""
        return _ManyReplies(self._client, method, self._transport.unary_stream(method, *codec, **options))

    def stream_stream(self, method: str, *codec: Any, **options: Any) -> _ManyReplies:
        """Return a bidi RPC; a list of requests can be sent again, an iterator cannot."""
        inner = self._transport.stream_stream(method, *codec, **options)
        return _ManyReplies(self._client, method, _iterated(inner))


def _iterated(inner: Callable[..., Any]) -> Callable[..., Any]:
    def send(requests: Iterable[Any], **options: Any) -> Any:
        return inner(iter(requests), **options)

    return send
