"""The TLS handshake of a preflight: what was agreed upon, or who did not agree with what."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from socket import socket

from harness.clock import wall
from harness.endpoint import Tls
from harness.endpoint.opening import pems
from harness.errors import UsageError

_HOST_MISMATCHES = {62, 64}
"""OpenSSL's codes of a certificate that bears another name, and another address."""
_PLAINTEXT = {"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE"}
NO_ALPN = (
    "TLS works, and the server chose no protocol by ALPN, without which gRPC does not speak; let it offer h2 "
    "(NextProtos in Go, http2 on in nginx, alpn_protocols in Envoy), or name its gRPC port"
)


class HandshakeError(Exception):
    """The two ends do not agree about TLS; the text says about what, and the way out."""


def context_of(tls: Tls) -> ssl.SSLContext:
    """Return the client's side of TLS, which asks for HTTP/2; raises `UsageError` where a file cannot be used."""
    pems(tls)  # names a file that cannot be read, which the library does not
    try:
        context = ssl.create_default_context(cafile=_path(tls.ca))
        certificate, key = tls.pair()
        if certificate:
            context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise UsageError("certificate and key do not belong together; name the key of that certificate") from error
        raise UsageError(f"tls: a file is no good PEM ({error.reason or error}); give another file") from error
    except OSError as error:
        raise UsageError(f"tls: {error.strerror}; give PEM files that this user may read") from error
    context.set_alpn_protocols(["h2"])
    return context


def secured(plain: socket, tls: Tls, name: str) -> ssl.SSLSocket:
    """Shake hands; raises `HandshakeError` for what the ends do not agree about, `OSError` for a socket that breaks."""
    try:
        secure = context_of(tls).wrap_socket(plain, server_hostname=name)
    except ssl.SSLCertVerificationError as error:
        raise HandshakeError(_distrust(error, tls)) from error
    except ssl.SSLError as error:
        raise HandshakeError(_refusal(error)) from error
    except ValueError as error:
        raise HandshakeError(f"{name!r} is no name that TLS can ask for; give --server-name") from error
    except (ConnectionError, EOFError) as error:
        raise HandshakeError(
            "it closed the connection during the TLS handshake; does it speak plaintext (drop --tls), or want a "
            "certificate of the client's (--cert, --key)?"
        ) from error
    chosen = secure.selected_alpn_protocol()
    if chosen != "h2":
        secure.close()
        raise HandshakeError(NO_ALPN if chosen is None else f"TLS works, and the server chose {chosen}, no HTTP/2")
    return secure


def tls_text(secure: ssl.SSLSocket) -> str:
    """Return what was agreed upon."""
    certificate = secure.getpeercert() or {}
    ends = certificate.get("notAfter")
    days = f"; its certificate ends in {_days(str(ends))} days" if ends else ""
    return f"{secure.version()}, h2 by ALPN{days}"


def alert_text(error: ssl.SSLError) -> str:
    """Return what a server's alert after the handshake means: in TLS 1.3 the client's certificate is judged there."""
    return _refusal(error)


def _days(ends: str) -> int:
    return round((datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC).timestamp() - wall()) / 86_400)


def _distrust(error: ssl.SSLCertVerificationError, tls: Tls) -> str:
    trusted = f"by {tls.ca}" if tls.ca else "by the system's roots"
    if error.verify_code in _HOST_MISMATCHES:
        way_out = "it bears another name: give its --server-name"
    elif "expired" in error.verify_message:
        way_out = "renew it there, or see this machine's clock"
    else:
        way_out = "give the --ca FILE that signed it"
    return f"its certificate is not accepted {trusted} ({error.verify_message}); {way_out}"


def _refusal(error: ssl.SSLError) -> str:
    reason = error.reason or type(error).__name__
    if reason in _PLAINTEXT:
        return "it speaks plaintext, and was asked for TLS; drop --tls and its options"
    if "CERTIFICATE_REQUIRED" in reason:
        return "it wants a certificate of the client's; give --cert and --key"
    if "UNKNOWN_CA" in reason or "BAD_CERTIFICATE" in reason:
        return "it does not trust the client's certificate; give one that its CA signed (--cert, --key)"
    if reason == "UNEXPECTED_EOF_WHILE_READING":
        return "it closed the connection during the TLS handshake; does it speak TLS at all? Else drop --tls"
    if reason == "TLSV1_ALERT_NO_APPLICATION_PROTOCOL":
        return "it refuses HTTP/2 in TLS (ALPN); let it offer h2, or name its gRPC port"
    return f"TLS failed ({reason}); does it want a client certificate (--cert, --key), or another version of TLS?"


def _path(path: Path | None) -> str | None:
    return str(path) if path else None
