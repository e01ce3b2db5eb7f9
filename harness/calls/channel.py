"""The channel: what generated stubs call, with tokens, faults and recording in one short path.

It wraps any object with ``unary_unary``, ``unary_stream``, ``stream_unary`` and ``stream_stream``.
A call takes a token, attaches it as metadata (call credentials dead-lock under gevent), sends, and
records one row per attempt (`harness.calls.call`); after UNAUTHENTICATED (`Tokens.renew_on`) it renews the token and
sends once more, where no response message was seen and the request can be read again. A failed
call raises its `grpc.RpcError`, recorded already: `harness.users` ends the task there.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Self

import grpc

from harness import clock
from harness.calls.attempt import Arrival, Attempt, AttemptRecorder, Client
from harness.calls.call import LogicalCall
from harness.endpoint.metadata import Metadata
from harness.errors import TokenError
from harness.results.classify import CANCELLED

__all__ = ["Arrival", "Attempt", "AttemptRecorder", "AuthChannel", "Client", "NoToken", "Replies"]


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


def _prepare(call: LogicalCall) -> tuple[Metadata, float]:
    try:
        return call.prepare()
    except TokenError as error:
        raise NoToken(error) from error


class _Method:
    """One RPC of a stub."""

    __slots__ = ("_client", "_inner", "_name")

    def __init__(self, client: Client, name: str, inner: Callable[..., Any]) -> None:
        self._client = client
        self._name = name
        self._inner = inner

    def future(self, *_: object, **__: object) -> None:
        """Refuse: a task is one call, and its user waits for it."""
        raise NotImplementedError(f"{self._name}.future: a task is one call; call the method itself")


class _OneReply(_Method):
    """Unary: one response."""

    __slots__ = ("_inner_with_call",)

    def __init__(self, client: Client, name: str, inner: Callable[..., Any], with_call: Callable[..., Any]) -> None:
        super().__init__(client, name, inner)
        self._inner_with_call = with_call

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        """Return the reply."""
        return self._send(self._inner, request, timeout, metadata, options)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> Any:
        """Return the reply and the call, which tells code, details and metadata."""
        return self._send(self._inner_with_call, request, timeout, metadata, options)

    def _send(
        self, inner: Callable[..., Any], request: Any, timeout: float | None, metadata: Any, options: dict[str, Any]
    ) -> Any:
        call = LogicalCall(self._client, self._name, timeout, metadata)
        tried = call.resume()
        if tried is not None and not call.failed(tried, replay=not isinstance(request, Iterator)):
            raise tried
        while True:
            sent, left_s = _prepare(call)
            try:
                reply = inner(self._outgoing(call, request), timeout=left_s, metadata=sent, **options)
            except grpc.RpcError as error:
                self._ended(call)
                if not call.failed(error, replay=not isinstance(request, Iterator)):
                    raise
            else:
                self._ended(call)
                call.succeeded(1)
                return reply

    def _outgoing(self, call: LogicalCall, request: Any) -> Any:
        """Return what the library sends in the attempt at hand."""
        del call
        return request

    def _ended(self, call: LogicalCall) -> None:
        """Note that the attempt at hand ended just now."""
        call.ended()


class _ManyRequests(_OneReply):
    """Client-stream: one response, and requests that are counted as the library takes them."""

    __slots__ = ()

    def _outgoing(self, call: LogicalCall, request: Any) -> Any:
        return _counted(iter(request), call, call.attempt)

    def _ended(self, call: LogicalCall) -> None:
        """Leave it to recording: of a stream the transport does not tell."""


def _counted(requests: Iterator[Any], call: LogicalCall, attempt: Attempt) -> Iterator[Any]:
    """Return requests that are counted for their attempt, those after its token's end apart."""
    attempt.after_expiry = 0
    return _counting(requests, call, attempt, attempt.dies_ns())


def _counting(requests: Iterator[Any], call: LogicalCall, attempt: Attempt, dies_ns: float) -> Iterator[Any]:
    for request in requests:
        attempt.requests += 1
        if clock.monotonic_ns() >= dies_ns:
            call.late(attempt)
        yield request


class _ManyReplies(_Method):
    """Server-stream or bidi: sent at once, as the library does."""

    __slots__ = ()

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **options: Any) -> "Replies":
        """Return the stream of replies."""
        call = LogicalCall(self._client, self._name, timeout, metadata)

        def send() -> Any:
            sent, left_s = _prepare(call)
            return self._inner(request, timeout=left_s, metadata=sent, **options)

        return Replies(call, send, replay=not isinstance(request, Iterator))


class Replies:
    """The replies of one stream: iterate, cancel, or ask how it ended, as with the library's own.

    The row is written once: when the stream ends or fails, when its reader cancels or drops it, or
    when its task ends. One that is never read is recorded as no call.
    """

    def __init__(self, call: LogicalCall, send: Callable[[], Any], *, replay: bool) -> None:
        self._over = True  # nothing to leave, should the first send raise
        self._call = call
        self._send = send
        self._replay = replay
        self._read = False
        self._messages = 0
        self._stream = self._open()
        self._over = False
        call.attempt.arrival.holds(self)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        self._read = True
        while not self._over:
            try:
                reply = next(self._stream)
            except StopIteration:
                if self._end():
                    self._call.succeeded(self._messages)
                raise
            except grpc.RpcError as error:
                if not self._end():
                    raise  # cancelled meanwhile, and recorded
                if not self._call.failed(error, self._messages, replay=self._replay):
                    raise
                self._stream = self._open()
                self._over = False
            except BaseException:  # its greenlet is killed, or timed out: the arrival says what became of it
                self._end()
                self._stream.cancel()
                raise
            else:
                self._count()
                return reply
        return next(self._stream)

    def cancel(self) -> bool:
        """Cancel the stream; what was read so far is recorded as its outcome."""
        self.leave()
        return bool(self._stream.cancel())

    def leave(self) -> None:
        """Cancel and record the stream, unless it is over."""
        if not self._end():
            return
        self._stream.cancel()
        if self._read:
            self._call.succeeded(self._messages, CANCELLED)
        else:
            self._call.unread()

    def code(self) -> grpc.StatusCode:
        """Return the status, once the stream has ended; waits for that."""
        code: grpc.StatusCode = self._stream.code()
        return code

    def details(self) -> str:
        """Return the status's text, once the stream has ended; waits for that."""
        return str(self._stream.details() or "")

    def initial_metadata(self) -> Any:
        """Return the server's first metadata; waits for it."""
        return self._stream.initial_metadata()

    def trailing_metadata(self) -> Any:
        """Return the server's last metadata, once the stream has ended; waits for that."""
        return self._stream.trailing_metadata()

    def __del__(self) -> None:
        self.leave()

    def _open(self) -> Any:
        stream = self._send()
        attempt = self._call.attempt
        attempt.after_expiry = 0
        self._dies_ns = attempt.dies_ns()
        return stream

    def _end(self) -> bool:
        """Note that the stream is over; return whether that is news."""
        news = not self._over
        self._over = True
        return news

    def _count(self) -> None:
        self._messages += 1
        if clock.monotonic_ns() >= self._dies_ns:
            self._call.late(self._call.attempt)


class AuthChannel:
    """A channel for one `Client` over a transport of the same shape."""

    def __init__(self, transport: Any, client: Client) -> None:
        self._transport = transport
        self._client = client

    def unary_unary(self, method: str, *codec: Any, **options: Any) -> _OneReply:
        """Return a unary RPC."""
        inner = self._transport.unary_unary(method, *codec, **options)
        return _OneReply(self._client, method, inner, _with_call(inner))

    def stream_unary(self, method: str, *codec: Any, **options: Any) -> _OneReply:
        """Return a client-stream RPC; a list of requests can be sent again, an iterator cannot."""
        inner = self._transport.stream_unary(method, *codec, **options)
        return _ManyRequests(self._client, method, inner, _with_call(inner))

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


def _with_call(inner: Any) -> Callable[..., Any]:
    def send(request: Any, **options: Any) -> Any:
        return inner.with_call(request, **options)

    return send
