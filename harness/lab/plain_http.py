"""HTTP/1.1 that declines offers of another protocol, and keeps the request that came with them.

Java's HttpClient and ``curl --http2`` offer h2c on their first request. A server may ignore that (RFC 9110, section
7.8); the parser that uvicorn uses stops at the offer, and the body is lost: a token request without its form.
"""

import re
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_OFFER = re.compile(rb"\r?\nupgrade[ \t]*:[^\r\n]*", re.IGNORECASE)
_HEAD_ENDS = re.compile(rb"\r?\n\r?\n")
_BEGINS = re.compile(rb"[A-Z]{1,20}(?: |\Z)")
_MOST_HEAD_BYTES = 65_536
_HTTP_2 = b"PRI * HTTP/2.0"
_ONLY_HTTP_1 = b"this port speaks HTTP/1.1"
_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
_GOAWAY = (8 + len(_ONLY_HTTP_1)).to_bytes(3) + b"\7\0\0\0\0\0" + bytes(4) + (13).to_bytes(4) + _ONLY_HTTP_1
"""The frame that refuses HTTP/2: HTTP_1_1_REQUIRED. Source: RFC 9113, sections 6.8 and 7."""


class PlainHttp(HttpToolsProtocol):
    """Take the offer out of a request's head before the parser sees it, at every request of a connection."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._head = b""
        self._within = False
        """Whether a request has begun and is not whole yet."""

    def data_received(self, data: bytes) -> None:
        """Take bytes; those of a head are kept back until all of it is there."""
        if self._within:
            super().data_received(data)
            return
        held = self._head + data
        end = _HEAD_ENDS.search(held)
        if end is None and _BEGINS.match(held) and len(held) < _MOST_HEAD_BYTES:
            self._head = held
            return
        self._head = b""
        if held.startswith(_HTTP_2):
            self.transport.write(_SETTINGS + _GOAWAY)
            self.transport.close()
            return
        cut = end.start() if end else 0
        super().data_received(_OFFER.sub(b"", held[:cut]) + held[cut:])

    def on_message_begin(self) -> None:
        """Note that a request begins."""
        self._within = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that it is whole."""
        self._within = False
        super().on_message_complete()
