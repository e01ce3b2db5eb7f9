"""HTTP/2 as far as a preflight needs it: whether the peer greets, and answers a call as gRPC does."""

import socket
import ssl
from dataclasses import dataclass, field
from urllib.parse import unquote

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError

from harness.clock import monotonic
from harness.redaction import redact

METHOD = "/jwtstorm.Preflight/Ask"
_PIECE = 65_536
_TLS_ALERT = b"\x15\x03"
_FRAME_HEAD = 9
_MOST_BYTES = 1 << 20


class NoHttp2Error(Exception):
    """What came was no HTTP/2; ``seen`` is its beginning, empty where the peer closed without a word."""

    def __init__(self, seen: bytes) -> None:
        super().__init__(seen[:40])
        self.seen = seen

    def text(self) -> str:
        """Return what the peer speaks, as far as its first bytes tell."""
        first = " ".join(self.seen.split(b"\r\n", 1)[0].decode("latin-1").split())
        shown = redact("".join(sign if sign.isprintable() else "." for sign in first))[:60]
        if self.seen.startswith(b"HTTP/"):
            return f"it speaks HTTP/1 and no HTTP/2 (it answered {shown!r}), so it is no gRPC port; name that one"
        if self.seen.startswith(_TLS_ALERT):
            return "it speaks TLS, and was asked in plaintext; add --tls, and --ca FILE for roots of your own"
        if self.seen:
            return f"it takes connections and speaks no HTTP/2 (it answered {shown!r}); is this the gRPC port?"
        return "it takes connections and closes them without a word; is this the gRPC port, or does it want --tls?"


class SilentError(Exception):
    """The peer took what it was sent, and did not answer in time, or not to the end."""


@dataclass
class Said:
    """What a peer answers to a call."""

    headers: dict[str, str] = field(default_factory=dict)
    ended: str = ""
    """How it ended, where that is no good end: ``reset``, ``GOAWAY``, ``closed``."""

    @property
    def is_grpc(self) -> bool:
        """Tell whether gRPC has answered."""
        return self.headers.get("content-type", "").startswith("application/grpc") or "grpc-status" in self.headers

    def text(self) -> str:
        """Return the answer for people."""
        if self.is_grpc:
            said = redact(unquote(self.headers.get("grpc-message", "")))[:80]
            return f"it answers calls (status {self.headers.get('grpc-status', 'none')}{f', “{said}”' if said else ''})"
        if self.headers:
            kind = self.headers.get("content-type", "no content type")
            return f"it answered HTTP {self.headers.get(':status', '?')} ({kind[:40]})"
        return f"it ended the call ({self.ended or 'closed'})"


class Http2Peer:
    """One HTTP/2 connection as its client, on a socket that is connected; the peer has ``within_s`` for each answer."""

    def __init__(self, connected: socket.socket, within_s: float) -> None:
        self._socket = connected
        self._within_s = within_s
        self._until_s = 0.0
        self._bytes = 0
        self._connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))

    def greet(self) -> None:
        """Send the preface and wait for the peer's settings.

        Raises `NoHttp2Error` for any other answer, `SilentError` for none in time, `ssl.SSLError` for an alert.
        """
        self._connection.initiate_connection()
        self._until_s = monotonic() + self._within_s
        try:
            self._flush()
            seen = b""
            while True:
                data = self._receive(seen)
                seen += data
                if not data or not _may_be_settings(seen):
                    raise NoHttp2Error(seen)
                if any(isinstance(event, RemoteSettingsChanged) for event in self._take(data, seen)):
                    self._flush()
                    return
        except ConnectionError as error:
            raise NoHttp2Error(b"") from error

    def ask(self, authority: str, scheme: str, path: str = METHOD) -> Said:
        """Make a call to a method that does not exist, without a token; return what comes back."""
        said = Said()
        self._until_s = monotonic() + self._within_s
        headers = [(":method", "POST"), (":scheme", scheme), (":path", path), (":authority", authority)]
        headers += [("te", "trailers"), ("content-type", "application/grpc"), ("user-agent", "grpc-jwtstorm")]
        try:
            stream = self._connection.get_next_available_stream_id()
            self._connection.send_headers(stream, headers)
            self._connection.send_data(stream, b"\0\0\0\0\0", end_stream=True)
            self._flush()
            while not (said.ended or "grpc-status" in said.headers):
                data = self._receive()
                if not data:
                    said.ended = "closed"
                    break
                for event in self._take(data, data):
                    _note(event, said)
                self._flush()
        except (ConnectionError, ProtocolError, NoHttp2Error, ssl.SSLError):
            said.ended = said.ended or "closed"
        return said

    def _take(self, data: bytes, seen: bytes) -> list[Event]:
        try:
            return self._connection.receive_data(data)
        except (ProtocolError, ValueError, UnicodeError) as error:
            raise NoHttp2Error(seen) from error

    def _flush(self) -> None:
        self._socket.sendall(self._connection.data_to_send())

    def _receive(self, seen: bytes = b"") -> bytes:
        """Return more bytes, none where the peer closed; ``seen`` is what it said so far that makes no sense yet."""
        left_s = self._until_s - monotonic()
        if left_s <= 0 or self._bytes > _MOST_BYTES:
            raise SilentError
        self._socket.settimeout(left_s)
        try:
            data = self._socket.recv(_PIECE)
        except TimeoutError as error:
            raise NoHttp2Error(seen) if seen else SilentError from error
        self._bytes += len(data)
        return data


def _may_be_settings(seen: bytes) -> bool:
    """Tell whether bytes begin as a peer's first frame must: SETTINGS, of the whole connection.

    Source: RFC 9113, sections 3.4, 4.1 and 6.5.
    """
    frame_type, stream = seen[3:4], seen[5:_FRAME_HEAD]
    return frame_type in {b"", b"\x04"} and not stream.strip(b"\0")


def _note(event: Event, said: Said) -> None:
    if isinstance(event, ResponseReceived | TrailersReceived):
        said.headers |= {str(name): str(value) for name, value in event.headers or ()}
    elif isinstance(event, StreamEnded):
        said.ended = said.ended or "ended"
    elif isinstance(event, StreamReset):
        said.ended = said.ended or f"reset, error {int(event.error_code)}"
    elif isinstance(event, ConnectionTerminated):
        said.ended = said.ended or f"GOAWAY, error {int(event.error_code or 0)}"
