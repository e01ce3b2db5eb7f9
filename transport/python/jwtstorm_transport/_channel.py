"""Channels: grpc's shape over the compiled transport, and how they are opened."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Self, cast

import gevent
import grpc

from jwtstorm_transport import _native
from jwtstorm_transport._loop import Loop, current
from jwtstorm_transport._streams import StreamStream, StreamUnary, UnaryStream
from jwtstorm_transport._unary import Codec, UnaryUnary

_STATES = (
    grpc.ChannelConnectivity.IDLE,
    grpc.ChannelConnectivity.CONNECTING,
    grpc.ChannelConnectivity.READY,
    grpc.ChannelConnectivity.TRANSIENT_FAILURE,
    grpc.ChannelConnectivity.SHUTDOWN,
)
"""grpc's states by the number that the compiled module has for them."""

Options = Sequence[tuple[str, Any]]


class Tls(NamedTuple):
    """What TLS needs, each a PEM: the roots to trust (None the system's), and the client's own key and chain."""

    roots: bytes | None = None
    key: bytes | None = None
    chain: bytes | None = None


def insecure_channel(address: str, options: Options = (), compression: grpc.Compression | None = None) -> grpc.Channel:
    """Return a channel in plaintext; connects nothing. Raises `ValueError` at an option that is not had."""
    return cast("grpc.Channel", Channel(address, options, compression, None))


def secure_channel(
    address: str, tls: Tls, options: Options = (), compression: grpc.Compression | None = None
) -> grpc.Channel:
    """Return a channel over TLS; connects nothing. Raises `ValueError` at an option that is not had, or no PEM."""
    return cast("grpc.Channel", Channel(address, options, compression, tls))


class Channel:
    """A channel of grpc's shape to one address, with a connection of its own; open it after any fork."""

    def __init__(self, address: str, options: Options, compression: grpc.Compression | None, tls: Tls | None) -> None:
        self.native = _native.Channel(address, list(options), int(compression or 0), tls)
        self._watched: dict[Callable[..., Any], tuple[Loop, int]] = {}

    def unary_unary(self, method: str, *codec: Any, **options: Any) -> UnaryUnary:
        """Return a unary RPC."""
        return UnaryUnary(self.native.method(method), _codec(*codec, **options))

    def unary_stream(self, method: str, *codec: Any, **options: Any) -> UnaryStream:
        """Return a server-stream RPC."""
        return UnaryStream(self.native.method(method), _codec(*codec, **options))

    def stream_unary(self, method: str, *codec: Any, **options: Any) -> StreamUnary:
        """Return a client-stream RPC."""
        return StreamUnary(self.native.method(method), _codec(*codec, **options))

    def stream_stream(self, method: str, *codec: Any, **options: Any) -> StreamStream:
        """Return a bidi RPC."""
        return StreamStream(self.native.method(method), _codec(*codec, **options))

    def subscribe(
        self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool | None = False
    ) -> None:
        """Call ``callback`` with the channel's state, now and at each change, in greenlets of its own."""
        loop = current()
        self._watched[callback] = (
            loop,
            self.native.watch(loop.native, lambda told: gevent.spawn(callback, _STATES[told[1]])),
        )
        if try_to_connect:
            self.native.connect()

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Call ``callback`` no more."""
        loop, key = self._watched.pop(callback, (None, 0))
        if loop is not None:
            loop.native.leave(key)

    def close(self) -> None:
        """End the channel and every call on it."""
        for callback in tuple(self._watched):
            self.unsubscribe(callback)
        self.native.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _codec(
    request_serializer: Callable[[Any], bytes] | None = None,
    response_deserializer: Callable[[bytes], Any] | None = None,
    **_: Any,
) -> Codec:
    return Codec(request_serializer or bytes, response_deserializer or bytes)
