"""Reaching a target: whether it answers at all, and if not, why. TLS against plaintext is told apart here."""

import contextlib
import socket
import ssl
from pathlib import Path

import grpc

from harness.endpoint import Endpoint, Tls
from harness.endpoint.address import UNIX, host_of, is_unix
from harness.endpoint.opening import open_channel
from harness.errors import RunError

_LOOK_S = 3.0


class UnreachableError(RunError):
    """Nobody answers at an address, or not in the way that was asked for; the message says why."""


def require_reached(endpoint: Endpoint, address: str, within_s: float = 5.0) -> None:
    """Connect once. Raises `UnreachableError`, or `UsageError` where a certificate cannot be read."""
    channel = open_channel(endpoint, address)
    try:
        grpc.channel_ready_future(channel).result(timeout=within_s)
    except grpc.FutureTimeoutError as error:
        raise UnreachableError(f"target {address}: {_why(endpoint.tls, address)}") from error
    finally:
        channel.close()


def _why(tls: Tls | None, address: str) -> str:
    """Return why a connection failed, and the way out."""
    try:
        plain = _connect(address)
    except OSError as error:
        return f"nobody listens there ({error.strerror or error}); is it up, and is the port right?"
    with contextlib.closing(plain):
        name = (tls.server_name if tls else "") or host_of(address)
        return _why_no_tls(plain, tls, name) if tls else _why_no_plaintext(plain, name)


def _connect(address: str) -> socket.socket:
    if not is_unix(address):
        return socket.create_connection((host_of(address), int(address.rpartition(":")[2])), _LOOK_S)
    found = socket.socket(socket.AF_UNIX)
    found.settimeout(_LOOK_S)
    try:
        found.connect(address.removeprefix(UNIX))
    except OSError:
        found.close()
        raise
    return found


def _why_no_plaintext(plain: socket.socket, name: str) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        context.wrap_socket(plain, server_hostname=name).close()
    except (OSError, ValueError):
        return "it takes connections and speaks no HTTP/2; is this the gRPC port?"
    return "it speaks TLS, and was asked in plaintext; add --tls, and --ca FILE for roots of your own"


def _why_no_tls(plain: socket.socket, tls: Tls, name: str) -> str:
    try:
        context = ssl.create_default_context(cafile=_path(tls.ca))
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
        context.set_alpn_protocols(["h2"])
        with context.wrap_socket(plain, server_hostname=name) as secure:
            chosen = secure.selected_alpn_protocol()
    except ssl.SSLCertVerificationError as error:
        trusted = f"by {tls.ca}" if tls.ca else "by the system's roots"
        way_out = "give its --server-name" if error.verify_code in {62, 64} else "give the --ca FILE that signed it"
        return f"its certificate is not accepted {trusted} ({error.verify_message}); {way_out}"
    except (ssl.SSLError, OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError) and error.reason in {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"}:
            return "it speaks plaintext, and was asked for TLS; drop --tls and its options"
        reason = getattr(error, "reason", "") or type(error).__name__
        return f"TLS failed ({reason}); does it want a client certificate (--cert, --key), or none at all?"
    if chosen != "h2":
        return "it speaks TLS and no HTTP/2 (ALPN); is this the gRPC port?"
    return "TLS works and gRPC does not; it may want a client certificate (--cert, --key)"


def _path(path: Path | None) -> str | None:
    return str(path) if path else None
