"""Dialling the upstream of a client."""

import asyncio
import socket

from harness.lab.proxy import address as addresses


async def dial(upstream: str, timeout_s: float | None) -> socket.socket:
    """Return a socket connected to ``host:port``, whose name is looked up anew each time.

    Raises `OSError`, `TimeoutError` or `ApiError` where that is impossible within ``timeout_s``; the
    addresses of a name are tried in turn, each with its share of the time.
    """
    address = addresses.split(upstream)
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        found = await loop.getaddrinfo(address.host or "localhost", address.port, type=socket.SOCK_STREAM)
    share_s = None if timeout_s is None else timeout_s / len(found)
    for index, (family, _, _, _, where) in enumerate(found, start=1):
        try:
            return await _connect(family, where, share_s)
        except (OSError, TimeoutError):
            if index == len(found):
                raise
    raise OSError(f"{address.host} has no address")


async def _connect(family: int, where: tuple[object, ...], timeout_s: float | None) -> socket.socket:
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        tune(connecting)
        async with asyncio.timeout(timeout_s):
            await asyncio.get_running_loop().sock_connect(connecting, where)
    except BaseException:
        connecting.close()
        raise
    return connecting


def tune(connected: socket.socket) -> None:
    """Send small writes at once, and notice a peer whose machine is gone."""
    connected.setblocking(False)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
