"""Recordings: what an honest server sent for one call, byte for byte, and playing it again.

A relay stands between client and server; each transport is recorded by itself, for what a server sends
(acknowledgements, pongs, windows) answers what that client sent.
"""

import contextlib
import json
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

import grpc

from transport.tests.calling import Outcome, Target, ask
from transport.tests.client import Client
from transport.tests.peer import PREFACE, Kind, Peer, Wire, frame
from transport.tests.server import Server

FAILURE = json.dumps({"code": "NOT_FOUND", "details": "nicht da: 期限", "trailing": [["x-hint-bin", "00ff"]]}).encode()
SEVERAL = json.dumps({"messages": 12, "bytes": 100}).encode()
LARGE = json.dumps({"messages": 3, "bytes": 9_000}).encode()


@dataclass(frozen=True)
class Ask:
    """A call to record and to make again."""

    name: str
    code: str
    request: Any
    method: str = "Echo"
    kind: str = "unary_unary"
    how: dict[str, Any] = field(default_factory=dict)
    compression: grpc.Compression | None = None

    def make(self, client: Client, address: str, timeout_s: float) -> Any:
        """Begin the call in a client."""
        target = Target(address, compression=self.compression)
        return client.start(ask, target, self.request, self.method, self.kind, timeout_s=timeout_s, **self.how)


ASKS = [
    Ask("unary", "OK", b"request", how={"metadata": (("x-one", "1"), ("x-raw-bin", b"\0\xff"), ("x-one", "2"))}),
    Ask("failure", "NOT_FOUND", FAILURE, "Fail"),
    Ask("stream", "OK", SEVERAL, "Count", "unary_stream"),
    Ask("large stream", "OK", LARGE, "Count", "unary_stream"),
    Ask("conversation", "OK", [b"a", b"bb", b""], "Chat", "stream_stream"),
    Ask("gzip", "OK", b"compressible " * 100, compression=grpc.Compression.Gzip),
]


@dataclass(frozen=True)
class Recording:
    """What a server sent for a call: its greeting, and all that followed the client's call."""

    asked: Ask
    greeting: bytes
    reply: bytes


def record(client: Client, asked: Ask, timeout_s: float = 10.0) -> Recording:
    """Make one call through a relay and return what the server sent. Raises where it did not end as it should."""
    server = Server(compression=asked.compression)
    tape = _Tape(server.address)
    peer = Peer(tape.relay)
    outcome: Outcome = asked.make(client, peer.address, timeout_s).result()
    peer.stop()
    server.stop()
    if outcome.code != asked.code:
        raise AssertionError(f"{asked.name} ended as {outcome}")
    return Recording(asked, bytes(tape.greeting), bytes(tape.reply))


class _Tape:
    """A relay that keeps what the server sent, before the client's call came and after."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._asked = False
        self.greeting, self.reply = bytearray(), bytearray()

    def relay(self, wire: Wire) -> None:
        host, _, port = self._address.partition(":")
        with socket.create_connection((host, int(port))) as server:
            back = threading.Thread(target=self._back, args=(server, wire))
            back.start()
            wire.await_preface()
            server.sendall(PREFACE)
            with contextlib.suppress(ConnectionError):
                for sent in wire.frames():
                    self._asked = self._asked or sent.kind == Kind.HEADERS
                    server.sendall(frame(sent.kind, sent.flags, sent.stream, sent.payload))
            server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _back(self, server: socket.socket, wire: Wire) -> None:
        with contextlib.suppress(OSError):
            while chunk := server.recv(1 << 16):
                (self.reply if self._asked else self.greeting).extend(chunk)
                wire.send(chunk)
