"""The canary: a listener on loopback whose address is written into tokens. Nobody should ever ask it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

_HOST = "127.0.0.1"
_WITHIN_S = 2.0


@dataclass
class Canary:
    """Serve a stranger's key set to whoever asks for whatever, and count connections: a hit is one of them.

    A target on another host cannot reach it; that no one asks proves something on loopback alone.
    """

    jwks: Mapping[str, Any] = field(default_factory=dict)
    hits: int = 0
    url: str = "http://127.0.0.1:9"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Canary"]:
        """Listen until the end."""
        server = await asyncio.start_server(self._serve, _HOST, 0)
        self.url = f"http://{_HOST}:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.hits += 1
        body = json.dumps(self.jwks).encode()
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close"
        try:
            async with asyncio.timeout(_WITHIN_S):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(head.encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # it did not speak HTTP: it is counted all the same
        finally:
            writer.close()
