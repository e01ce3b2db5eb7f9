"""A transport that carries nothing: every call is answered at the hub's next turn, by the same bytes.

It stands in the native transport's place, in the one benchmark that asks what a call costs above it.
"""

from collections.abc import Callable
from typing import Any

import gevent
import grpc

ANSWER = b"\n\x0242\x10\xe8 \x18\x01"
"""A Balance of account 42, on the wire."""


class _Call:
    """A unary RPC: it writes the request, lets the others run, and reads the answer."""

    def __init__(self, write: Callable[[Any], bytes], read: Callable[[bytes], Any]) -> None:
        self._write = write
        self._read = read

    def __call__(self, request: Any, **_: Any) -> Any:
        """Return the answer."""
        self._write(request)
        gevent.sleep(0)
        return self._read(ANSWER)

    def with_call(self, request: Any, **_: Any) -> tuple[Any, None]:
        """Return the answer, and no call."""
        return self(request), None


class Channel:
    """As much of a channel as a generated stub and a run's beginning ask for."""

    def unary_unary(
        self,
        _method: str,
        request_serializer: Callable[[Any], bytes],
        response_deserializer: Callable[[bytes], Any],
        **_: Any,
    ) -> _Call:
        """Return a unary RPC."""
        return _Call(request_serializer, response_deserializer)

    unary_stream = stream_unary = stream_stream = unary_unary

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], **_: Any) -> None:
        """Say at once that there is a connection."""
        callback(grpc.ChannelConnectivity.READY)

    def unsubscribe(self, _callback: object) -> None:
        """Forget nothing."""

    def close(self) -> None:
        """Close nothing."""


def insecure_channel(_target: str, **_: Any) -> Channel:
    """Return a channel to nowhere."""
    return Channel()
