"""The issuer's published keys, with trouble on demand; and the canary beside them."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from harness.lab.listener import Listener

TROUBLES = ("", "error", "hang", "empty", "garbage")
_HANG_S = 5.0


@dataclass
class KeyStage:
    """Serve a key set at ``/jwks.json``, and the stranger's at ``/canary/keys.json``; count who asks."""

    jwks: Mapping[str, Any] = field(default_factory=dict)
    trouble: str = ""
    strangers: Mapping[str, Any] = field(default_factory=dict)
    fetches: int = 0
    canary_hits: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        routes = [Route("/jwks.json", self._published), Route("/canary/keys.json", self._canary)]
        self._listener = Listener(Starlette(routes=routes))

    @property
    def url(self) -> str:
        """Return the issuer's address."""
        return self._listener.url

    def publish(self, jwks: Mapping[str, Any], trouble: str = "") -> None:
        """Publish another key set; requests that hang are answered now."""
        self.jwks, self.trouble = jwks, trouble
        self._changed.set()
        self._changed = asyncio.Event()

    async def open(self) -> None:
        """Serve."""
        await self._listener.open()

    async def close(self) -> None:
        """Serve no more."""
        self._changed.set()
        await self._listener.release()

    async def _published(self, request: Request) -> Response:
        del request
        self.fetches += 1
        if self.trouble == "hang":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _HANG_S)
        if self.trouble == "error":
            return PlainTextResponse("down", 500)
        if self.trouble == "garbage":
            return PlainTextResponse("<html>maintenance</html>")
        return JSONResponse({"keys": []} if self.trouble == "empty" else dict(self.jwks))

    async def _canary(self, request: Request) -> Response:
        del request
        self.canary_hits += 1
        return JSONResponse(dict(self.strangers))
