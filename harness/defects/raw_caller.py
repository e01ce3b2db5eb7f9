"""Calls over HTTP/2 by hand, for headers that no gRPC client sends."""

import asyncio
import base64
import contextlib
import ssl
from urllib.parse import unquote, urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)
from h2.exceptions import ProtocolError, StreamClosedError

from harness.defects.bench import Answer, Metadata, Shape
from harness.endpoint.address import host_of, is_unix, path_of, port_of
from harness.endpoint.metadata import BINARY
from harness.endpoint.proxy import connect_request, excepted, refusal
from harness.results.failure_details import FailureDetails
from harness.results.grpc_status import status

_CONFIG = H2Configuration(
    client_side=True,
    header_encoding=None,
    validate_outbound_headers=False,
    normalize_outbound_headers=False,
    validate_inbound_headers=False,
)


class RawCaller:
    """One HTTP/2 connection, one call at a time; a new connection where the server ended the last.

    ``tls`` makes it a TLS connection, to a server whose certificate bears ``server_name``, the host where it
    is empty. An address may be ``host:port``, ``[v6]:port`` or ``unix:/path``; ``proxy`` is an HTTP proxy.
    """

    def __init__(self, address: str, tls: ssl.SSLContext | None = None, server_name: str = "", proxy: str = "") -> None:
        self._address, self._tls, self._proxy = address, tls, proxy
        self._name = server_name or host_of(address)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._connection = H2Connection(_CONFIG)
        self._one = asyncio.Lock()

    async def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def call(self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float) -> Answer:
        """Make one call; return how it ended, with the number that the server sent where gRPC defines no such status.

        A connection that breaks is UNAVAILABLE, a reset INTERNAL.
        """
        try:
            async with self._one, asyncio.timeout(within_s):
                return await self._call(shape, method, metadata, request)
        except TimeoutError:
            await self.close()
            return Answer("DEADLINE_EXCEEDED")
        except (OSError, ProtocolError) as error:
            await self.close()
            return Answer("UNAVAILABLE", _lost(error), own_words=True)

    async def _call(self, shape: Shape, method: str, metadata: Metadata, request: bytes) -> Answer:
        reader, writer = await self._connected()
        connection = self._connection
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, _headers(method, metadata, self._name, "https" if self._tls else "http"))
        if not shape.silent:
            connection.send_data(stream, b"\0" + len(request).to_bytes(4) + request, end_stream=True)
        writer.write(connection.data_to_send())
        seen: dict[bytes, bytes] = {}
        messages = 0
        while data := await reader.read(65_536):
            for event in connection.receive_data(data):
                messages += isinstance(event, DataReceived)
                if (ended := _read(event, seen)) is not None:
                    if shape.silent and ended == "ended":
                        with contextlib.suppress(StreamClosedError):  # the server has reset it
                            connection.reset_stream(stream)
                    writer.write(connection.data_to_send())
                    return _answer(ended, seen, messages, in_silence=shape.silent)
            writer.write(connection.data_to_send())
        raise ConnectionResetError

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None or self._streams[0].at_eof():
            await self.close()
            self._streams = await self._open()
            self._connection = H2Connection(_CONFIG)
            self._connection.initiate_connection()
        return self._streams

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name = self._name if self._tls else None
        if is_unix(self._address):
            return await asyncio.open_unix_connection(path_of(self._address), ssl=self._tls, server_hostname=name)
        host, port = host_of(self._address), port_of(self._address)
        if not self._proxy or excepted(host):
            return await asyncio.open_connection(host, port, ssl=self._tls, server_hostname=name)
        reader, writer = await _tunnel(self._proxy, host, port)
        if self._tls is not None:
            await writer.start_tls(self._tls, server_hostname=name)
        return reader, writer


async def _tunnel(proxy: str, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(proxy)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(connect_request(host, port))
    try:
        refused = refusal(await reader.readuntil(b"\r\n\r\n"))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        raise ConnectionRefusedError(f"proxy {proxy}") from error
    if refused is not None:
        raise ConnectionRefusedError(f"proxy {proxy}: {refused}")
    return reader, writer


def _headers(method: str, metadata: Metadata, authority: str, scheme: str) -> list[tuple[bytes, bytes]]:
    usual = {
        ":method": "POST",
        ":scheme": scheme,
        ":path": method,
        ":authority": authority,
        "te": "trailers",
        "content-type": "application/grpc",
    }
    return [(key.encode(), _on_the_wire(key, value)) for key, value in (*usual.items(), *metadata)]


def _on_the_wire(key: str, value: str | bytes) -> bytes:
    """Return what travels: base64 of bytes under a ``-bin`` key, as every client library sends it."""
    if isinstance(value, str):
        return value.encode()
    return base64.b64encode(value) if key.endswith(BINARY) else value


def _read(event: Event, seen: dict[bytes, bytes]) -> str | None:
    """Take headers in; return how the call ended, or None while it goes on."""
    if isinstance(event, ResponseReceived | TrailersReceived):
        seen.update((bytes(key), bytes(value)) for key, value in event.headers or ())
    if isinstance(event, StreamEnded):
        return "ended"
    if isinstance(event, StreamReset):
        return "ended" if b"grpc-status" in seen else "INTERNAL"
    return "UNAVAILABLE" if isinstance(event, ConnectionTerminated) else None


def _answer(ended: str, seen: dict[bytes, bytes], messages: int, *, in_silence: bool) -> Answer:
    if ended != "ended":
        said = "the stream was reset" if ended == "INTERNAL" else "the connection was closed"
        return Answer(ended, said, own_words=True)
    number = seen.get(b"grpc-status", b"2")
    code = status(int(number)) if number.isdigit() else "UNKNOWN"
    text = unquote(seen.get(b"grpc-message", b"").decode("utf-8", "replace"))
    return Answer(code, text, messages, in_silence=in_silence, failure_details=FailureDetails.of_wire(seen.items()))


def _lost(error: Exception) -> str:
    """Return in our own words how a connection was lost."""
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return "the connection was reset"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    return "the answer breaks the rules of HTTP/2" if isinstance(error, ProtocolError) else "the connection was lost"
