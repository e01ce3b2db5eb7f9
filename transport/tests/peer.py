"""Peer: a server on bare sockets that sends whatever bytes a script says, one thread per connection.

It speaks HTTP/2 by hand, for a library would refuse to send what a hostile server sends.
Source of frame layouts and numbers: RFC 9113, sections 4 to 7.
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
ACK, END_STREAM, END_HEADERS, PADDED = 0x1, 0x1, 0x4, 0x8
LARGEST_FRAME = 16_384
"""Bytes that any client takes in a frame."""
GRPC = ((":status", "200"), ("content-type", "application/grpc"))
GOOD = (("grpc-status", "0"),)

Pairs = tuple[tuple[str, str], ...]


class Kind(IntEnum):
    """Types of frames."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Reset(IntEnum):
    """HTTP/2's error codes. Source: RFC 9113, section 7."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    SETTINGS_TIMEOUT = 4
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    CONNECT_ERROR = 10
    ENHANCE_YOUR_CALM = 11
    INADEQUATE_SECURITY = 12
    HTTP_1_1_REQUIRED = 13


@dataclass(frozen=True)
class Frame:
    """One frame that the client sent."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    """Return a frame's bytes; ``length`` lies about the payload's."""
    size = len(payload) if length is None else length
    return size.to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def number(value: int) -> bytes:
    """Return a frame's 32-bit number: an error code, a window's growth."""
    return value.to_bytes(4, "big")


def message(body: bytes = b"", flag: int = 0, length: int | None = None) -> bytes:
    """Return a gRPC message with its prefix; ``length`` lies about the body's."""
    return struct.pack(">BI", flag, len(body) if length is None else length) + body


def settings(**values: int) -> bytes:
    """Return a SETTINGS frame of hexadecimal ids with an ``s``: ``settings(s4=0)``."""
    pairs = b"".join(struct.pack(">HI", int(key[1:], 16), value) for key, value in values.items())
    return frame(Kind.SETTINGS, payload=pairs)


class Wire:
    """One connection of a client, from the peer's side. Reading past its end raises `ConnectionError`."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self.socket = connection
        self._over = over
        self._buffer = bytearray()
        self._encoder = hpack.Encoder()
        self._decoder = hpack.Decoder()
        self.stream = 0
        self.request: dict[str, str] = {}

    def send(self, *parts: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(b"".join(parts))

    def greet(self, **values: int) -> None:
        """Read the client's preface and send our settings and the acknowledgement of theirs."""
        self.await_preface()
        self.send(settings(**values), frame(Kind.SETTINGS, ACK))

    def await_preface(self) -> None:
        """Read the client's first bytes."""
        if self._exactly(len(PREFACE)) != PREFACE:
            raise ConnectionError("no preface")

    def send_while_read(self, data: bytes, most: int) -> None:
        """Send data again and again, at most so many bytes, until the client closes, or reads no more for a second."""
        self.socket.settimeout(1)
        sent = 0
        while sent < most:
            try:
                self.socket.sendall(data)
            except TimeoutError:
                break
            sent += len(data)
        self.socket.settimeout(None)

    def frames(self) -> Iterator[Frame]:
        """Yield what the client sends until it closes."""
        while True:
            header = self._exactly(9)
            payload = self._exactly(int.from_bytes(header[:3], "big"))
            yield Frame(header[3], header[4], int.from_bytes(header[5:], "big") & 0x7FFFFFFF, payload)

    def await_frame(self, kind: int) -> Frame:
        """Read until a frame of a kind comes."""
        return next(sent for sent in self.frames() if sent.kind == kind)

    def await_call(self, *, whole: bool = True) -> int:
        """Read until a call's headers came, and to its end where it is to be ``whole``; return its stream."""
        for sent in self.frames():
            if sent.kind == Kind.HEADERS:
                pairs = self._decoder.decode(_unpadded(sent), raw=True)  # binary values may go as they are
                self.request = {bytes(key).decode("latin-1"): bytes(value).decode("latin-1") for key, value in pairs}
                self.stream = sent.stream
            if sent.kind in {Kind.HEADERS, Kind.DATA} and (sent.flags & END_STREAM or not whole):
                return self.stream
        raise AssertionError("unreachable")

    def block(self, pairs: Pairs) -> bytes:
        """Return headers encoded."""
        return self._encoder.encode(pairs, huffman=False)

    def headers(self, pairs: Pairs = GRPC, *, end: bool = False, stream: int | None = None) -> bytes:
        """Return a HEADERS frame of the call, and what continues it where it is long."""
        where, block = self.stream if stream is None else stream, self.block(pairs)
        parts = [block[at : at + LARGEST_FRAME] for at in range(0, len(block), LARGEST_FRAME)] or [b""]
        kinds = [Kind.HEADERS, *[Kind.CONTINUATION] * (len(parts) - 1)]
        flags = [END_STREAM if end else 0, *[0] * (len(parts) - 1)]
        flags[-1] |= END_HEADERS
        return b"".join(frame(kind, flag, where, part) for kind, flag, part in zip(kinds, flags, parts, strict=True))

    def data(self, payload: bytes, *, end: bool = False, stream: int | None = None) -> bytes:
        """Return a DATA frame of the call."""
        where = self.stream if stream is None else stream
        return frame(Kind.DATA, END_STREAM if end else 0, where, payload)

    def trailers(self, pairs: Pairs = GOOD) -> bytes:
        """Return the frame that ends the call."""
        return self.headers(pairs, end=True)

    def answer(self, body: bytes = b"ok") -> bytes:
        """Return a whole good reply of the call."""
        return self.headers() + self.data(message(body)) + self.trailers()

    def hold(self) -> None:
        """Read and drop what comes until the client closes or the test is over."""
        with contextlib.suppress(ConnectionError):
            for _ in self.frames():
                pass

    def silence(self) -> None:
        """Read nothing more, and keep the connection until the test is over."""
        self._over.wait()

    def pause(self, seconds: float) -> None:
        """Wait a moment; raises `ConnectionError` where the test is over."""
        if self._over.wait(seconds):
            raise ConnectionError("the test is over")

    def reset(self) -> None:
        """Make closing send a TCP reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _exactly(self, size: int) -> bytes:
        while len(self._buffer) < size:
            chunk = self.socket.recv(1 << 16)
            if not chunk:
                raise ConnectionError("the client closed")
            self._buffer += chunk
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken


Play = Callable[[Wire], None]
"""A script: what a peer does on one connection; it closes when the script ends."""


class Peer:
    """A listening peer; ``accepted`` counts its connections, ``mistakes`` are the scripts' own."""

    def __init__(self, play: Play, port: int = 0) -> None:
        self._play = play
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port), backlog=128)
        self._wires: set[Wire] = set()
        self.accepted = 0
        self.mistakes: list[BaseException] = []
        self.port: int = self._listener.getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """Close the listener and every connection; raise what a script did wrong."""
        self._over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for wire in list(self._wires):
            with contextlib.suppress(OSError):
                wire.socket.shutdown(socket.SHUT_RDWR)
        if self.mistakes:
            raise self.mistakes[0]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.accepted += 1
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        wire = Wire(connection, self._over)
        self._wires.add(wire)
        try:
            self._play(wire)
        except OSError:
            pass  # the client closed first, as it may at any time
        except Exception as error:  # noqa: BLE001 - the test raises it
            self.mistakes.append(error)
        finally:
            self._wires.discard(wire)
            wire.socket.close()  # a script may have put TLS around the connection


def _unpadded(sent: Frame) -> bytes:
    start, end = 0, len(sent.payload)
    if sent.flags & PADDED:
        start, end = 1, end - sent.payload[0]
    if sent.flags & 0x20:  # priority
        start += 5
    return sent.payload[start:end]
