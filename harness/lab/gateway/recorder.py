"""The gateway's rows: what was seen of a call becomes one row when it is over."""

import logging
import math
from collections.abc import Callable
from urllib.parse import quote

from harness.errors import RecordError
from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.identity import TokenReader
from harness.lab.gateway.tunnel import Tunnel
from harness.results.classify import classify
from harness.results.row import MAX_US, NO_LIFE, Cause, Origin
from harness.results.wire_journal import WireConnection, WireJournal
from harness.results.wire_row import NEVER, NO_STATUS, WireEnding, WireFlag, WireRow

log = logging.getLogger("jwtstorm.gateway")

_MOST_BYTES = (1 << 64) - 1
_MOST_COUNT = (1 << 32) - 1
_MOST_NAME = 200
_REMEMBERED_PATHS = 2000
_UNITS_S = {b"H": 3600.0, b"M": 60.0, b"S": 1.0, b"m": 1e-3, b"u": 1e-6, b"n": 1e-9}
_PLAIN = (
    *(
        (ending, (Origin.TRANSPORT, Cause.CONNECTION_LOST))
        for ending in (WireEnding.CLIENT_LOST, WireEnding.UPSTREAM_LOST)
    ),
    (WireEnding.RESET_BY_CLIENT, (Origin.LOCAL, Cause.CANCELLED)),
    (WireEnding.RESET_BY_UPSTREAM, (Origin.HANDLER, Cause.UNAVAILABLE)),
    (WireEnding.RESET_BY_GATEWAY, (Origin.PROXY, Cause.UNAVAILABLE)),
    (WireEnding.UNREACHABLE, (Origin.TRANSPORT, Cause.UNREACHABLE)),
    (WireEnding.STOPPED, (Origin.GENERATOR, Cause.STOPPED)),
)
_BY_ENDING = dict(_PLAIN)
_REFUSED_STREAM = 7
"""The code of a reset by which a server keeps to its limit of streams. Source: RFC 9113, sections 5.1.2 and 7."""


class WireRecorder:
    """Write rows to a journal.

    ``wall`` is the verifier's clock, in seconds since the epoch; ``token_metadata`` the key that bears tokens.
    ``fault`` says why rows could not be written, once that happened.
    """

    def __init__(
        self,
        journal: WireJournal,
        tokens: TokenReader,
        wall: Callable[[], float],
        token_metadata: str,
    ) -> None:
        self.fault = ""
        self._journal = journal
        self._tokens = tokens
        self._wall = wall
        self._key = token_metadata.encode()
        self._methods: dict[bytes, int] = {}

    def watch(self, tunnel: Tunnel) -> "ConnectionWatch":
        """Return what keeps account of one connection."""
        return ConnectionWatch(self, tunnel)

    def begin(self, stream_id: int, now_ns: int, request: Fields) -> RelayedCall:
        """Return a call's record, with what its token tells now."""
        call = RelayedCall(stream_id, now_ns, request)
        for name, value, _ in request:
            if name == self._key:
                if not call.tokens:
                    call.token, ends_s = self._tokens.note(value)
                    call.life_ms = _life_ms(ends_s - self._wall())
                call.tokens += 1
        return call

    def flush(self) -> None:
        """Write what is buffered; a disk that refuses is told of once, and asked again."""
        self._kept(self._journal.flush)

    def note(self, connection: WireConnection) -> None:
        """Write down who a connection is."""
        self._kept(lambda: self._journal.connection(connection))

    def add(self, call: RelayedCall, copy: int, connection: int, flags: int) -> None:
        """Keep a call's row."""
        self._kept(lambda: self._journal.add(self._row(call, copy, connection, flags).pack()))

    def _kept(self, write: Callable[[], None]) -> None:
        try:
            write()
        except RecordError as error:
            if not self.fault:
                log.error("%s", error)  # noqa: TRY400 - one line says it
            self.fault = str(error)

    def _row(self, call: RelayedCall, copy: int, connection: int, flags: int) -> WireRow:
        path, deadline_ms, attempt = b"", NEVER, 0
        for name, value, _ in call.request:
            if name == b":path":
                path = value
            elif name == b"grpc-timeout":
                deadline_ms = _deadline_ms(value)
            elif name == b"grpc-previous-rpc-attempts":
                attempt = min(int(value), 255) if value.isdigit() and len(value) < 6 else 0
        origin, cause = outcome(call)
        opened_ns = call.opened_ns
        return WireRow(
            opened_ns=opened_ns,
            token=call.token,
            request_bytes=min(call.request_bytes, _MOST_BYTES),
            response_bytes=min(call.response_bytes, _MOST_BYTES),
            ended_us=(call.ended_ns - opened_ns) // 1000,
            connection=connection,
            stream=call.stream_id,
            forwarded_us=_since_us(call.forwarded_ns, opened_ns),
            headers_us=_since_us(call.headers_ns, opened_ns),
            first_byte_us=_since_us(call.first_byte_ns, opened_ns),
            life_ms=call.life_ms,
            deadline_ms=deadline_ms,
            request_messages=min(call.sent.messages, _MOST_COUNT),
            response_messages=min(call.received.messages, _MOST_COUNT),
            status=call.status,
            reset_code=call.reset_code,
            faults=call.faults,
            method=self._method(path),
            copy=copy,
            http_status=call.http_status & 0xFFFF,
            attempt=attempt,
            ending=call.ending,
            origin=origin,
            cause=cause,
            flags=flags | _token_flags(call.tokens),
        )

    def _method(self, path: bytes) -> int:
        index = self._methods.get(path)
        if index is None:
            index = self._journal.method(printable(path.split(b"?", 1)[0]))
            if len(self._methods) < _REMEMBERED_PATHS:
                self._methods[path] = index
        return index


class ConnectionWatch:
    """Keep account of one connection's calls."""

    def __init__(self, recorder: WireRecorder, tunnel: Tunnel) -> None:
        self._recorder = recorder
        self._tunnel = tunnel
        self._is_noted = False
        self._flags = 0
        self.begin = recorder.begin

    def end(self, call: RelayedCall) -> None:
        """Keep the row of a call that is over."""
        if not self._is_noted:
            self._note(call)
        self._recorder.add(call, self._tunnel.copy, self._tunnel.serial, self._flags)

    def _note(self, call: RelayedCall) -> None:
        self._is_noted = True
        tunnel = self._tunnel
        client = tunnel.wires[0]
        self._flags = WireFlag.CERTIFICATE if client.has_certificate else 0
        agent = next((value for name, value, _ in call.request if name == b"user-agent"), b"")
        self._recorder.note(
            WireConnection(tunnel.serial, tunnel.copy, client.peer, tunnel.upstream, client.protocol, printable(agent))
        )


def outcome(call: RelayedCall) -> tuple[Origin, Cause]:
    """Return where a call's failure arose and why, as far as the wire tells."""
    if call.status == 0:
        return Origin.NONE, Cause.OK
    if call.status != NO_STATUS:
        return classify(call.status, call.details, call.failure_details)
    if call.ending is WireEnding.RESET_BY_UPSTREAM and call.reset_code == _REFUSED_STREAM:
        return Origin.TRANSPORT, Cause.STREAM_LIMIT
    if call.ending in _BY_ENDING:
        return _BY_ENDING[call.ending]
    return (
        classify(2, f"Received http2 header with status: {call.http_status}") if call.http_status != 200 else _NO_STATUS
    )


_NO_STATUS = (Origin.PROXY, Cause.BAD_RESPONSE)


def printable(text: bytes) -> str:
    """Return a name that a client made up so that it can stand in a file or a log."""
    return quote(text[:_MOST_NAME], safe="/:;.,()[]{}<>@=+*$!&#~^| -_")


def _token_flags(tokens: int) -> int:
    if not tokens:
        return 0
    return WireFlag.TOKEN if tokens == 1 else WireFlag.TOKEN | WireFlag.SEVERAL_TOKENS


def _life_ms(life_s: float) -> int:
    if math.isinf(life_s):
        return NO_LIFE
    return int(max(min(life_s * 1e3, MAX_US), -MAX_US))


def _since_us(moment_ns: int, opened_ns: int) -> int:
    return min((moment_ns - opened_ns) // 1000, MAX_US) if moment_ns else NEVER


def _deadline_ms(value: bytes) -> int:
    """Return a ``grpc-timeout`` in ms. Source: gRPC over HTTP2, "Timeout"."""
    unit_s = _UNITS_S.get(value[-1:])
    if unit_s is None or not value[:-1].isdigit() or len(value) > 9:
        return NEVER
    return min(round(int(value[:-1]) * unit_s * 1e3), MAX_US)
