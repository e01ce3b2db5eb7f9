"""Streams: RPCs that send or receive any number of messages."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Final, Self

import gevent
import grpc
from gevent.event import Event

from jwtstorm_transport._loop import Loop, current
from jwtstorm_transport._native import Method, Refused, Stream
from jwtstorm_transport._outcome import CODES, Failed, Metadata, Outcome, failure
from jwtstorm_transport._unary import Codec, How, refused

END, MESSAGE, INITIAL, SENT, _STATE = range(5)
"""What the compiled module tells of a stream."""
AHEAD: Final = 16
"""Messages that are read before anybody asks for them; beyond that the peer waits."""
UNSENT: Final = 4
"""Messages that are written before the peer has room for them; beyond that the writer waits."""


class _Exchange:
    """What both sides of a stream know: messages that came, what it came to, and who waits for news."""

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.messages: deque[bytes] = deque()
        self.outcome: Outcome | None = None
        self.local: Failed | None = None
        """Why the client itself gave up, where it did."""
        self.initial: Metadata | None = None
        self.unsent = 0
        self.sender: gevent.Greenlet[..., None] | None = None
        self.callbacks: list[Callable[[], Any]] = []
        self._news = Event()

    def told(self, told: tuple[int, Any]) -> None:
        """Take what the compiled module tells."""
        what, value = told
        if what == MESSAGE:
            self.messages.append(value)
        elif what == INITIAL:
            self.initial = tuple(value)
        elif what == SENT:
            self.unsent -= 1
        elif what == END:
            self._end(value)
        self._news.set()

    def wait(self, done: Callable[[], bool]) -> None:
        """Wait until something is so."""
        while not done():
            self._news.clear()
            self._news.wait()

    def ended(self) -> bool:
        """Tell whether the call has ended."""
        return self.outcome is not None

    def failed(self) -> Failed | None:
        """Return the failure that the call ended with, or None."""
        if self.local is not None:
            return self.local
        return Failed(self.outcome) if self.outcome is not None and self.outcome[0] else None

    def _end(self, outcome: Outcome) -> None:
        self.outcome = outcome
        if self.initial is None:
            self.initial = tuple(outcome[3])
        if self.sender is not None:
            self.sender.kill(block=False)
        for callback in self.callbacks:
            gevent.spawn(callback)

    def send_all(self, stream: Stream, requests: Iterator[Any]) -> None:
        """Send what an iterator yields, as fast as the peer has room for it."""
        try:
            while True:
                try:
                    request = next(requests)
                except StopIteration:
                    break
                stream.send(self.codec.written(request))
                self.unsent += 1
                self.wait(lambda: self.unsent < UNSENT or self.ended())
        except Refused as error:
            self._give_up(stream, refused(error))
        except Failed as error:
            self._give_up(stream, error)
        except Exception:  # noqa: BLE001 - the iterator is the caller's own code
            self._give_up(stream, failure(grpc.StatusCode.UNKNOWN, "Exception iterating requests!"))
        else:
            stream.half_close()

    def _give_up(self, stream: Stream, why: Failed) -> None:
        self.local = why
        stream.cancel()


class Replies(grpc.Call):
    """The replies of a stream: iterate, cancel, or ask how it ended. Dropping it cancels it."""

    def __init__(self, exchange: _Exchange, stream: Stream, loop: Loop, timeout: float | None) -> None:
        self._exchange = exchange
        self._stream = stream
        self._loop = loop
        self._until_s = math.inf if timeout is None else time.monotonic() + timeout
        stream.want(AHEAD)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        exchange = self._exchange
        if not exchange.messages:
            exchange.wait(lambda: bool(exchange.messages) or exchange.ended())
        if exchange.local is None and exchange.messages:
            self._stream.want(1)
            return exchange.codec.reply(exchange.messages.popleft())
        error = exchange.failed()
        if error is not None:
            raise error
        raise StopIteration

    def code(self) -> grpc.StatusCode:
        """Return the status, once the stream has ended; waits for that."""
        error = self._failed()
        return grpc.StatusCode.OK if error is None else error.code()

    def details(self) -> str:
        """Return the status's text, once the stream has ended; waits for that."""
        error = self._failed()
        return "" if error is None else error.details()

    def initial_metadata(self) -> Metadata:
        """Return the server's first metadata; waits for it."""
        exchange = self._exchange
        exchange.wait(lambda: exchange.initial is not None or exchange.ended())
        return exchange.initial or ()

    def trailing_metadata(self) -> Metadata:
        """Return the server's last metadata, once the stream has ended; waits for that."""
        self._failed()
        outcome = self._exchange.outcome
        return tuple(outcome[4]) if outcome is not None else ()

    def is_active(self) -> bool:
        """Tell whether the stream has not ended."""
        return not self._exchange.ended()

    def time_remaining(self) -> float:
        """Return the seconds until the deadline; infinite without one."""
        return max(self._until_s - time.monotonic(), 0.0)

    def cancel(self) -> bool:
        """Cancel the stream; tell whether that was news."""
        news = not self._exchange.ended()
        self._stream.cancel()
        return news

    def add_callback(self, callback: Callable[[], Any]) -> bool:
        """Call ``callback`` in a greenlet when the stream has ended; tell whether it will be."""
        active = self.is_active()
        if active:
            self._exchange.callbacks.append(callback)
        return active

    def __del__(self) -> None:
        if not self._exchange.ended():
            self._loop.native.leave(self._stream.key)
            if self._exchange.sender is not None:
                self._exchange.sender.kill(block=False)

    def _failed(self) -> Failed | None:
        self._exchange.wait(self._exchange.ended)
        return self._exchange.failed()


class _Streaming:
    """What the three kinds of streaming RPCs share: opening one."""

    __slots__ = ("_codec", "_native")

    def __init__(self, native: Method, codec: Codec) -> None:
        self._native = native
        self._codec = codec

    def future(self, *_: object, **__: object) -> None:
        """Refuse: spawn a greenlet that calls."""
        raise NotImplementedError("futures are not supported; spawn a greenlet that makes the call")

    def _open(self, message: bytes | None, how: How) -> Replies:
        loop, exchange = current(), _Exchange(self._codec)
        try:
            stream = self._native.open(loop.native, exchange.told, message, *how.native())
        except Refused as error:
            raise refused(error) from None
        return Replies(exchange, stream, loop, how.timeout)

    def _open_and_send(self, requests: Iterator[Any], how: How) -> Replies:
        replies = self._open(None, how)
        exchange = replies._exchange  # noqa: SLF001 - one module, one thing in two parts
        exchange.sender = gevent.spawn(exchange.send_all, replies._stream, requests)  # noqa: SLF001
        return replies


class UnaryStream(_Streaming):
    """A server-stream RPC."""

    def __call__(self, request: Any, *how: Any, **named: Any) -> Replies:
        """Return the replies; further arguments are `How`'s."""
        return self._open(self._codec.written(request), How(*how, **named))


class StreamStream(_Streaming):
    """A bidi RPC."""

    def __call__(self, request_iterator: Iterator[Any], *how: Any, **named: Any) -> Replies:
        """Return the replies; requests are sent from a greenlet of their own. Further arguments are `How`'s."""
        return self._open_and_send(iter(request_iterator), How(*how, **named))


class StreamUnary(_Streaming):
    """A client-stream RPC."""

    def __call__(self, request_iterator: Iterator[Any], *how: Any, **named: Any) -> Any:
        """Return the reply; further arguments are `How`'s. Raises `grpc.RpcError` where the call fails."""
        reply, _ = self.with_call(request_iterator, *how, **named)
        return reply

    def with_call(self, request_iterator: Iterator[Any], *how: Any, **named: Any) -> tuple[Any, Replies]:
        """Return the reply and the call, which tells code, details and metadata."""
        replies = self._open_and_send(iter(request_iterator), How(*how, **named))
        found = list(replies)
        if len(found) != 1:
            code = CODES[12 if not found else 13]
            raise failure(code, f"{len(found)} messages returned where one is due")
        return found[0], replies
