"""Transport: channels as a load generator under gevent needs them, grpcio's or the native ones.

Two traps of grpcio, both measured: under gevent grpcio waits for completions in a native thread pool of ten,
so that ten slow calls make every other call look slow; and channels with equal arguments share
one connection, so that a connection fault hits everybody or nobody. Hence calls wait in one thread for each
channel (`harness.transport.grpcio_channel`) or, where this grpcio does not allow that, the pool is sized above the
calls in flight before the first channel; and each channel has a subchannel pool of its own. The native transport waits
in no thread (`harness.transport.choice`).
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent

from harness.clock import monotonic
from harness.endpoint import Endpoint
from harness.endpoint.native import native_ended_ns, open_native
from harness.endpoint.opening import open_channel
from harness.transport import grpcio_channel
from harness.transport.choice import GRPCIO, NATIVE, PYTHON, version_of

logger = logging.getLogger(__name__)

POOL_RESERVE = 16
"""Native threads kept for grpcio's own pollers, name look-ups and files."""
THREAD, POOL = "thread", "pool"
"""Where calls on grpcio wait: in one native thread for each channel, or each in one of gevent's pool."""


@dataclass(frozen=True)
class TransportSettings:
    """How a worker process reaches the target.

    ``name`` is a chosen transport's and ``maker`` who makes the calls, neither ever ``auto``.
    """

    endpoint: Endpoint
    in_flight: int
    name: str = GRPCIO
    maker: str = PYTHON

    @property
    def address(self) -> str:
        """Return where calls go, for people."""
        return ", ".join(self.endpoint.addresses)

    @property
    def completions(self) -> str:
        """Return where calls on grpcio wait in this process: `THREAD` or `POOL`."""
        prepare(0)
        return POOL if grpcio_channel.unusable() else THREAD

    def to_json(self) -> dict[str, Any]:
        """Return the settings as ``run.json`` holds them."""
        waits: dict[str, Any] = {}
        if self.name == GRPCIO:
            waits["completions"] = self.completions
            if self.completions == POOL:
                waits["threadpool"] = pool_size(self.in_flight)
        return {
            "name": self.name,
            "version": version_of(self.name),
            "connections": self.endpoint.connections * len(self.endpoint.addresses),
            "calls_by": self.maker,
            **waits,
            "endpoint": self.endpoint.to_json(),
        }

    @property
    def ended_ns(self) -> Callable[[], int] | None:
        """Return what tells when the unary call that ended just now did so (monotonic), where the transport knows."""
        return native_ended_ns() if self.name == NATIVE else None

    def prepare(self, in_flight: int) -> None:
        """Get ready for so many calls in flight; call after any fork and before the first channel."""
        prepare(in_flight if self.name == GRPCIO and self.completions == POOL else 0)


def pool_size(in_flight: int) -> int:
    """Return the size of gevent's native pool for so many calls in flight."""
    return in_flight + POOL_RESERVE


def prepare(in_flight: int) -> None:
    """Make grpcio work with gevent, for so many of its calls in flight; reflection and logins call by it always."""
    hub = gevent.get_hub()
    hub.threadpool.maxsize = max(hub.threadpool.maxsize, pool_size(in_flight))
    _meet_gevent()


@cache
def _meet_gevent() -> None:
    grpc_gevent.init_gevent()


class Unready(NamedTuple):
    """An address that has no connection, and why, in the library's words."""

    address: str
    why: str


def await_all_ready(settings: TransportSettings, channels: Sequence[grpc.Channel], within_s: float) -> Unready | None:
    """Wait until every address has a connection; return the first that has none in time, or None."""
    until_s = monotonic() + within_s
    for address, channel in zip(settings.endpoint.addresses, channels, strict=False):
        why = await_ready(channel, max(until_s - monotonic(), 0.1))
        if why is not None:
            return Unready(address, why)
    return None


def await_ready(channel: grpc.Channel, within_s: float) -> str | None:
    """Wait until a channel has a connection; return why it got none in time, or None."""
    try:
        grpc.channel_ready_future(channel).result(timeout=within_s)
    except grpc.FutureTimeoutError:
        return _why_not(channel)
    return None


def _why_not(channel: grpc.Channel) -> str:
    """Ask for a call on a channel without a connection: it is not sent, and its failure says why."""
    try:
        channel.unary_unary("/jwtstorm.Preflight/Ask", None, None)(b"", timeout=0.5)
    except grpc.RpcError as error:
        details: str = error.details() or "no answer"
        return details.rpartition("last error: ")[2]
    return "it answered late"


def open_channels(settings: TransportSettings) -> list[grpc.Channel]:
    """Open one channel per connection, each with a connection of its own, to the addresses in turn.

    Raises `UsageError` where a certificate cannot be read, or the transport does not have a setting.
    """
    settings.prepare(settings.in_flight)
    endpoint = settings.endpoint
    opens = open_native if settings.name == NATIVE else _open_unpooled
    if settings.name == GRPCIO and (why := grpcio_channel.unusable()):
        logger.warning("each call in flight waits in a thread of its own, which costs the generator: %s", why)
        opens = open_channel
    return [opens(endpoint, address) for address in endpoint.addresses * endpoint.connections]


def _open_unpooled(endpoint: Endpoint, address: str) -> grpc.Channel:
    return grpcio_channel.UnpooledChannel(open_channel(endpoint, address))
