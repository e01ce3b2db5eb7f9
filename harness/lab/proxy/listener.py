"""The listener of one proxy: accepts clients, can be closed at once and opened again on its port."""

import asyncio
import logging
import socket
from collections.abc import Callable

from harness.lab.proxy import address as addresses
from harness.lab.proxy.dial import tune
from harness.lab.proxy.errors import ApiError

log = logging.getLogger("jwtstorm.proxy")

ACCEPTS_AT_ONCE = 64
"""Clients taken per turn of the loop, so that a flood of them leaves turns for the rest."""
REST_S = 0.2
"""How long nobody is accepted when the system has no descriptor left: the loop would spin."""


class ProxyListener:
    """A door that is shut until `open`; ``on_client`` gets each accepted socket."""

    def __init__(self, on_client: Callable[[socket.socket], None]) -> None:
        self._on_client = on_client
        self._socket: socket.socket | None = None

    @property
    def is_open(self) -> bool:
        """Return whether clients are accepted."""
        return self._socket is not None

    async def open(self, listen: str) -> str:
        """Listen, and return the real address.

        Raises `ApiError` 500 where that is impossible.
        """
        try:
            opened = addresses.listen(await addresses.resolve(listen))
        except ApiError as error:
            prefix = "" if error.text.startswith("listen tcp") else "listen tcp: "
            raise ApiError(error.status, prefix + error.text) from None
        self._socket = opened
        self._watch(opened)
        return str(addresses.bound(opened))

    def close(self) -> None:
        """Refuse clients from now on; closing twice is allowed."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _watch(self, opened: socket.socket) -> None:
        if self._socket is opened:
            asyncio.get_running_loop().add_reader(opened, self._accept, opened)

    def _accept(self, opened: socket.socket) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                client, _ = opened.accept()
            except (BlockingIOError, ConnectionAbortedError):
                return
            except OSError as error:
                self._rest(opened, error)
                return
            tune(client)
            self._on_client(client)

    def _rest(self, opened: socket.socket, error: OSError) -> None:
        log.warning("cannot accept: %s; raise the limit of open files", error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(opened)
        loop.call_later(REST_S, self._watch, opened)
