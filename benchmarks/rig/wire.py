"""An upstream of plain TCP for benchmarks of the proxy, and the clients that measure through it.

Started as a child of the lab's kind. A connection's first byte says what it wants: ``E`` everything
back, ``S`` and a number in text so many bytes.
"""

import asyncio
import socket
import statistics
import time
from typing import cast

import uvloop

from harness.lab.processes.child import report_ready, settle_in

BLOB = bytes(262_144)
BLOCK_BYTES = 1 << 20


class Upstream(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._wish = b""
        self._left = 0
        self._full = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Serve the wish."""
        if not self._wish:
            self._wish, data = data[:1], data[1:]
            if self._wish == b"S":
                self._left = int(data)
                self._stream()
        if self._wish == b"E" and data:
            self._transport.write(data)

    def pause_writing(self) -> None:
        """Wait for the reader."""
        self._full = True

    def resume_writing(self) -> None:
        """Go on."""
        self._full = False
        self._stream()

    def _stream(self) -> None:
        while self._left > 0 and not self._full:
            self._transport.write(BLOB[: self._left])
            self._left -= min(self._left, len(BLOB))


def connect(address: str, wish: bytes) -> socket.socket:
    """Return a connection that has said what it wants."""
    host, _, port = address.rpartition(":")
    client = socket.create_connection((host, int(port)), timeout=60.0)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.sendall(wish)
    return client


def bulk_mb_per_s(address: str, size_bytes: int) -> float:
    """Return how many million bytes per second one connection carries."""
    with connect(address, b"S%d" % size_bytes) as client:
        block, left, start_s = bytearray(BLOCK_BYTES), size_bytes, time.perf_counter()
        while left > 0:
            got = client.recv_into(block)
            assert got, f"{left} bytes are missing"
            left -= got
        return size_bytes / 1e6 / (time.perf_counter() - start_s)


def round_trip_us(address: str, times: int) -> float:
    """Return the median round trip of 64 bytes, in microseconds."""
    with connect(address, b"E") as client:
        client.sendall(b"warm")
        client.recv(64)
        trips = []
        for _ in range(times):
            start_s = time.perf_counter()
            client.sendall(b"x" * 64)
            client.recv(64)
            trips.append(time.perf_counter() - start_s)
    return statistics.median(trips) * 1e6


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=2048)
    host, port = server.sockets[0].getsockname()
    report_ready(address=f"{host}:{port}")
    await server.serve_forever()


if __name__ == "__main__":
    settle_in()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve())
