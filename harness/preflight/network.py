"""The way to an address, step by step, on a socket of our own: names, proxy, TCP, TLS with ALPN, HTTP/2, gRPC.

Libraries of gRPC say of most of this that a socket was closed. Here each step is seen by itself.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from harness.endpoint import Endpoint, Tls
from harness.endpoint import proxy as proxies
from harness.endpoint.address import host_of, is_unix, port_of
from harness.endpoint.names import Place, resolve
from harness.errors import RunError, UsageError
from harness.preflight import Mark, PreflightStep, StepResult
from harness.preflight.handshake import HandshakeError, alert_text, secured, tls_text
from harness.preflight.http2 import Http2Peer, NoHttp2Error, Said, SilentError

WITHIN_S = 3.0
"""How long one step may wait for the other side."""
_MOST_HEAD = 16_384
_CLOSES = (
    "TLS works, and the server then closes the connection; it may want a certificate of the client's, or not trust "
    "this one (--cert, --key)"
)


def steps(endpoint: Endpoint, address: str, within_s: float = WITHIN_S) -> Iterator[StepResult]:
    """Yield a line for each step to one address, up to the first that fails."""
    way = _Way(endpoint, address, within_s)
    with contextlib.closing(way):
        for step, take in way.steps():
            try:
                text = take()
            except (UsageError, RunError) as error:
                yield StepResult(step, Mark.FAIL, str(error), isinstance(error, UsageError))
                return
            yield StepResult(step, Mark.OK, text)


class _Way:
    """One walk to an address; each step returns what was seen, or raises `UsageError` or `RunError` with why not."""

    def __init__(self, endpoint: Endpoint, address: str, within_s: float) -> None:
        self._endpoint, self._address, self._within_s = endpoint, address, within_s
        by_proxy = bool(endpoint.proxy) and not is_unix(address)
        self._proxied = by_proxy and not proxies.excepted(host_of(address))
        self._places: list[Place] = []
        self._socket: Any = None
        self._peer: Any = None

    def steps(self) -> list[tuple[PreflightStep, Callable[[], str]]]:
        """Return the steps in order."""
        tls = self._endpoint.tls
        secure = [] if tls is None else [(PreflightStep.TLS, lambda: self._secure(tls))]
        first = [
            (PreflightStep.NAMES, self._names),
            (PreflightStep.PROXY, self._proxy),
            (PreflightStep.TCP, self._connect),
        ]
        return [*first, *secure, (PreflightStep.HTTP2, self._greet), (PreflightStep.GRPC, self._ask)]

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()

    def _names(self) -> str:
        if self._proxied:
            return f"{host_of(self._address)} is the proxy's to resolve"
        self._places = resolve(self._address)
        found = ", ".join(str(place) for place in self._places)
        several = "; a connection takes the first that answers" if len(self._places) > 1 else ""
        return f"{found}{several}"

    def _proxy(self) -> str:
        named = self._endpoint.proxy
        if named and not self._proxied:
            return f"{named} is named, and no_proxy keeps {host_of(self._address)} from it"
        return proxies.sentence(named)

    def _connect(self) -> str:
        if self._proxied:
            return self._tunnel(self._endpoint.proxy)
        refusals = []
        for place in self._places:
            try:
                self._open(place)
            except OSError as error:
                refusals.append(f"{place}: {_why(error)}")
            else:
                return "; ".join([f"{place} takes connections", *(f"not so {text}" for text in refusals)])
        raise RunError(f"nobody listens there ({'; '.join(refusals)}); start the target, or correct its address")

    def _open(self, place: Place) -> None:
        self.close()
        self._socket = socket.socket(place.family, socket.SOCK_STREAM)
        self._socket.settimeout(self._within_s)
        self._socket.connect(place.where)

    def _tunnel(self, proxy: str) -> str:
        parts = urlsplit(proxy)
        try:
            self._socket = socket.create_connection((str(parts.hostname), parts.port or 0), self._within_s)
            self._socket.sendall(proxies.connect_request(host_of(self._address), port_of(self._address)))
            refused = proxies.refusal(_head(self._socket))
        except OSError as error:
            raise RunError(f"the proxy {proxy} does not answer ({_why(error)}); correct --proxy, or drop it") from error
        if refused is not None:
            raise RunError(f"the proxy {proxy} opens no way to {self._address}: {refused}; ask who runs it")
        return f"{self._address} through {proxy}"

    def _secure(self, tls: Tls) -> str:
        name = tls.server_name or host_of(self._address)
        try:
            secure = secured(self._socket, tls, name)
        except HandshakeError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise RunError(f"the TLS handshake broke off ({_why(error)}); is this a TLS port, is it well?") from error
        self._socket = secure
        return tls_text(secure)

    def _greet(self) -> str:
        self._peer = Http2Peer(self._socket, self._within_s)
        try:
            self._peer.greet()
        except NoHttp2Error as error:
            if error.seen:
                raise UsageError(error.text()) from error
            raise UsageError(self._wants_tls() or (_CLOSES if self._endpoint.tls else error.text())) from error
        except SilentError as error:
            if wanted := self._wants_tls():
                raise UsageError(wanted) from error
            silent = f"it takes connections and says nothing within {self._within_s:g} s"
            raise RunError(f"{silent}; is it the gRPC port, is it well?") from error
        except ssl.SSLError as error:
            raise UsageError(alert_text(error)) from error
        except OSError as error:
            raise RunError(f"the connection broke ({_why(error)}); is it well?") from error
        return "it greets"

    def _wants_tls(self) -> str:
        """Say whether a peer that is mute in plaintext speaks TLS, or nothing."""
        if self._endpoint.tls is not None:
            return ""
        with contextlib.suppress(OSError, ValueError):
            for place in self._places:
                self._open(place)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                context.set_alpn_protocols(["h2"])
                self._socket = context.wrap_socket(self._socket, server_hostname=host_of(self._address))
                return "it speaks TLS, and was asked in plaintext; add --tls, and --ca FILE for roots of your own"
        return ""

    def _ask(self) -> str:
        endpoint, scheme = self._endpoint, "https" if self._endpoint.tls else "http"
        name = endpoint.authority or ("localhost" if is_unix(self._address) else self._address)
        try:
            said: Said = self._peer.ask(name, scheme)
        except SilentError as error:
            raise RunError(f"it greets, and answers no call within {self._within_s:g} s; is it well?") from error
        if not said.is_grpc:
            raise UsageError(f"it speaks HTTP/2 and no gRPC: {said.text()}; is this the gRPC port?")
        return said.text()


def _head(connected: socket.socket) -> bytes:
    """Read a proxy's answer, byte by byte: what follows its head belongs to the target."""
    head = b""
    while not head.endswith(b"\r\n\r\n") and len(head) < _MOST_HEAD:
        more = connected.recv(1)
        if not more:
            break
        head += more
    return head


def _why(error: OSError) -> str:
    return "no answer" if isinstance(error, TimeoutError) else error.strerror or type(error).__name__
