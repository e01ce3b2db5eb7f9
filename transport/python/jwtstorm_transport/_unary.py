"""Unary RPCs: one greenlet waits, and no thread."""

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import grpc
from gevent import getcurrent
from gevent.hub import get_hub

from jwtstorm_transport._loop import current
from jwtstorm_transport._native import Method, Refused
from jwtstorm_transport._outcome import CODES, Ended, Failed, failure


class Codec(NamedTuple):
    """How messages become bytes, and bytes messages."""

    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]

    def written(self, request: Any) -> bytes:
        """Return a request's bytes; raises the failure that grpcio makes of an error."""
        try:
            return self.write(request)
        except Exception as error:
            raise failure(grpc.StatusCode.INTERNAL, "Exception serializing request!") from error

    def reply(self, message: bytes) -> Any:
        """Return a reply; raises the failure that grpcio makes of an error."""
        try:
            return self.read(message)
        except Exception as error:
            raise failure(grpc.StatusCode.INTERNAL, "Exception deserializing response!") from error


class How(NamedTuple):
    """How a call is made, in grpc's order: ``timeout`` in seconds, and metadata as pairs."""

    timeout: float | None = None
    metadata: Any = None
    credentials: Any = None
    wait_for_ready: bool | None = None
    compression: grpc.Compression | None = None

    def native(self) -> tuple[float | None, Any, bool, int | None]:
        """Return what the compiled module takes. Raises `ValueError` for call credentials."""
        if self.credentials is not None:
            raise ValueError("call credentials are not supported; attach the token as metadata")
        compression = None if self.compression is None else int(self.compression)
        return self.timeout, self.metadata, bool(self.wait_for_ready), compression


def refused(error: Refused) -> Failed:
    """Return the failure of a call that was not sent."""
    code, details = error.args
    return failure(CODES[code], details)


class UnaryUnary:
    """A unary RPC."""

    __slots__ = ("_codec", "_native")

    def __init__(self, native: Method, codec: Codec) -> None:
        self._native = native
        self._codec = codec

    def __call__(self, request: Any, *how: Any, **named: Any) -> Any:
        """Return the reply; further arguments are `How`'s. Raises `grpc.RpcError` where the call fails."""
        told = self._ask(request, How(*how, **named), whole=False)
        if type(told) is bytes:
            return self._codec.reply(told)
        raise Failed(told)

    def with_call(self, request: Any, *how: Any, **named: Any) -> tuple[Any, Ended]:
        """Return the reply and the call, which tells code, details and metadata."""
        told = self._ask(request, How(*how, **named), whole=True)
        if told[0] == 0:
            return self._codec.reply(told[2]), Ended(told)
        raise Failed(told)

    def future(self, *_: object, **__: object) -> NoReturn:
        """Refuse: spawn a greenlet that calls."""
        raise NotImplementedError("futures are not supported; spawn a greenlet that makes the call")

    def _ask(self, request: Any, how: How, *, whole: bool) -> Any:
        loop = current()
        loop.ended_ns = 0
        message = self._codec.written(request)
        try:
            key = self._native.start(loop.native, getcurrent().switch, whole, message, *how.native())
        except Refused as error:
            raise refused(error) from None
        loop.started()
        try:
            return get_hub().switch()
        except BaseException:  # the greenlet is killed, or timed out
            loop.native.leave(key)
            raise
