"""Transport: grpcio channels as a load generator under gevent needs them.

Two traps, both measured: under gevent grpcio waits for completions in a native thread pool of ten,
so that ten slow calls make every other call look slow; and channels with equal arguments share
one connection, so that a connection fault hits everybody or nobody. Hence the pool is sized above
the calls in flight before the first channel, and each channel has a subchannel pool of its own.
"""

from dataclasses import dataclass
from typing import Any

import gevent
import grpc
import grpc.experimental.gevent as grpc_gevent

POOL_RESERVE = 16
"""Native threads kept for grpcio's own pollers, name look-ups and files."""


@dataclass(frozen=True)
class TransportSettings:
    """How a worker process reaches the target."""

    address: str
    connections: int
    in_flight: int

    def to_json(self) -> dict[str, Any]:
        """Return the settings as ``run.json`` holds them."""
        return {"name": "grpcio", "connections": self.connections, "threadpool": pool_size(self.in_flight)}


def pool_size(in_flight: int) -> int:
    """Return the size of gevent's native pool for so many calls in flight."""
    return in_flight + POOL_RESERVE


def prepare(in_flight: int) -> None:
    """Make grpcio work with gevent; call after any fork and before the first channel."""
    hub = gevent.get_hub()
    hub.threadpool.maxsize = max(hub.threadpool.maxsize, pool_size(in_flight))
    grpc_gevent.init_gevent()


def open_channels(settings: TransportSettings) -> list[grpc.Channel]:
    """Open one channel per connection, each with a connection of its own."""
    prepare(settings.in_flight)
    options = [
        ("grpc.use_local_subchannel_pool", 1),
        # A dead peer must not be waited for between a fault's end and its recovery.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.enable_retries", 0),
    ]
    return [grpc.insecure_channel(settings.address, options=options) for _ in range(settings.connections)]
