"""Calling: channels opened and calls made, in the process of a client (`transport.tests.inside`); plain data out.

Whatever goes in and comes out is plain data, for it crosses a process border.
"""

import itertools
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import grpc

TRANSPORT = "JWTSTORM_TESTED_TRANSPORT"
"""Environment variable of a client's process: the transport that it opens its channels on."""
GRPCIO, NATIVE = "grpcio", "native"
SERVICE = "/jwtstorm.Trial/"
PATIENCE_S = 10.0
"""Deadline of calls that are to succeed: far above what they take."""

Metadata = tuple[tuple[str, str | bytes], ...]
_KEPT: dict[int, grpc.Channel] = {}
_NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Credentials:
    """PEM bytes of a TLS client."""

    roots: bytes | None = None
    key: bytes | None = None
    chain: bytes | None = None


@dataclass(frozen=True)
class Target:
    """Where a channel goes, and how."""

    address: str
    options: tuple[tuple[str, Any], ...] = ()
    tls: Credentials | None = None
    compression: grpc.Compression | None = None

    def open(self) -> grpc.Channel:
        """Open a channel on the transport of this process, with a connection of its own."""
        native = os.environ[TRANSPORT] == NATIVE
        return _open_native(self) if native else _open_grpcio(self)


@dataclass(frozen=True)
class Outcome:
    """How a call ended; ``code`` is the name of its status."""

    code: str
    details: str = ""
    messages: tuple[bytes, ...] = ()
    initial: Metadata = ()
    trailing: Metadata = ()
    took_s: float = 0.0

    def values(self, key: str) -> list[str | bytes]:
        """Return a key's values, initial and then trailing."""
        return [value for name, value in (*self.initial, *self.trailing) if name == key]


def open_kept(target: Target) -> int:
    """Open a channel that outlives this call; return its number."""
    number = next(_NUMBERS)
    _KEPT[number] = target.open()
    return number


def kept(number: int) -> grpc.Channel:
    """Return a channel by its number."""
    return _KEPT[number]


def close_kept(number: int) -> None:
    """Close a channel by its number."""
    _KEPT.pop(number).close()


def call_kept(number: int, *request: Any, **how: Any) -> Outcome:
    """Make a call on a channel that was kept; arguments as `call` has them."""
    return call(_KEPT[number], *request, **how)


def ask(target: Target, *request: Any, **how: Any) -> Outcome:
    """Open a channel, make one call, close it; arguments as `call` has them."""
    channel = target.open()
    try:
        return call(channel, *request, **how)
    finally:
        channel.close()


def call(
    channel: grpc.Channel,
    requests: bytes | Sequence[bytes] = b"",
    method: str = "Echo",
    kind: str = "unary_unary",
    timeout_s: float | None = PATIENCE_S,
    **how: Any,
) -> Outcome:
    """Make one call of any kind and return how it ended.

    ``kind`` is the name of the channel's method; kinds that stream requests take a list. ``how`` is
    what a multi-callable takes: ``metadata``, ``wait_for_ready``, ``compression``.
    """
    start_s = time.monotonic()
    multi = getattr(channel, kind)(SERVICE + method, None, None)
    sent = requests if kind.startswith("unary") else iter(requests)
    try:
        if kind.endswith("stream"):
            return _told(multi(sent, timeout=timeout_s, **how), start_s)
        reply, finished = multi.with_call(sent, timeout=timeout_s, **how)
    except grpc.RpcError as error:
        return failure(error, start_s)
    return _outcome("OK", "", (reply,), finished, start_s)


def _told(stream: Any, start_s: float) -> Outcome:
    messages: list[bytes] = []
    try:
        messages.extend(stream)
    except grpc.RpcError as error:
        return failure(error, start_s, messages)
    return _outcome(stream.code().name, stream.details(), messages, stream, start_s)


def failure(error: Any, start_s: float = 0.0, messages: Iterable[bytes] = ()) -> Outcome:
    """Return the outcome that a failed call's error tells."""
    return _outcome(error.code().name, error.details(), messages, error, start_s)


def _outcome(code: str, details: str | None, messages: Iterable[bytes], finished: Any, start_s: float) -> Outcome:
    initial, trailing = _pairs(finished.initial_metadata()), _pairs(finished.trailing_metadata())
    return Outcome(code, details or "", tuple(messages), initial, trailing, time.monotonic() - start_s)


def _pairs(metadata: Any) -> Metadata:
    return tuple((str(key), value) for key, value in metadata or ())


def _open_grpcio(target: Target) -> grpc.Channel:
    options = [("grpc.use_local_subchannel_pool", 1), *target.options]
    if target.tls is None:
        return grpc.insecure_channel(target.address, options, target.compression)
    credentials = grpc.ssl_channel_credentials(target.tls.roots, target.tls.key, target.tls.chain)
    return grpc.secure_channel(target.address, credentials, options, target.compression)


def _open_native(target: Target) -> grpc.Channel:
    import jwtstorm_transport as native

    how: dict[str, Any] = {"options": list(target.options), "compression": target.compression}
    channel: grpc.Channel
    if target.tls is None:
        channel = native.insecure_channel(target.address, **how)
    else:
        tls = native.Tls(target.tls.roots, target.tls.key, target.tls.chain)
        channel = native.secure_channel(target.address, tls, **how)
    return channel
