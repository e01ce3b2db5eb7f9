"""A token endpoint that answers what a test wants, and keeps what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from harness.errors import TokenError
from harness.results.row import Cause

SECRET = "s3cret/with:signs"
Answer = tuple[int, dict[str, str], bytes]


def body(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


def refusal(fetch: Callable[[], object]) -> TokenError:
    """Return the error that a fetch raises: its cause is known, and it holds no secret."""
    with pytest.raises(TokenError) as caught:
        fetch()
    assert caught.value.cause in Cause.__members__
    assert SECRET not in str(caught.value)
    return caught.value


class Issuer(HTTPServer):
    """Answers every request alike, or by path where a test gives ``pages``, or as ``grant`` says."""

    def __init__(self) -> None:
        self.answer: Answer = (200, {}, body(access_token="a.b.c"))
        self.pages: dict[str, Answer] = {}
        self.grant: Callable[[dict[str, str]], Answer] | None = None
        self.asked: list[tuple[dict[str, str], dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def root(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"{self.root}/token"


class _Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self._send(self.server.pages.get(self.path, (404, {}, b"")))

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["content-length"])).decode()
        fields = {name: values[0] for name, values in parse_qs(form).items()}
        self.server.asked.append(({name.lower(): value for name, value in self.headers.items()}, fields))
        self._send(self.server.grant(fields) if self.server.grant else self.server.answer)

    def _send(self, answer: Answer) -> None:
        status, headers, data = answer
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        return


@contextmanager
def issuer() -> Iterator[Issuer]:
    with Issuer() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
