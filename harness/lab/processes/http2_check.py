"""Knock: ask an address whether it speaks HTTP/2, as a gRPC server does, without a gRPC channel.

The conductor may own no channel: grpc must come to life after Locust's fork, in the workers alone.
"""

import socket
import ssl

from harness.endpoint import Tls
from harness.endpoint.address import host_of

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_EMPTY_SETTINGS = bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""A frame of length 0, type SETTINGS, no flags, stream 0. Source: RFC 9113, sections 3.4 and 6.5."""
_HEAD_BYTES = 9
_SETTINGS = 4


def speaks_http2(address: str, tls: Tls | None = None, within_s: float = 1.0) -> bool:
    """Tell whether a server at ``address`` (``host:port``) greets with its HTTP/2 settings.

    Raises `OSError` where the files of ``tls`` cannot be read; a refused connection is no error.
    """
    wrapping = None if tls is None else _wrapping(tls)
    host, port = host_of(address), int(address.rpartition(":")[2])
    try:
        with socket.create_connection((host, port), within_s) as plain:
            plain.settimeout(within_s)
            if wrapping is None:
                return _greets(plain)
            with wrapping.wrap_socket(plain, server_hostname=host) as wrapped:
                return _greets(wrapped)
    except OSError:
        return False


def _greets(connection: socket.socket) -> bool:
    connection.sendall(_PREFACE + _EMPTY_SETTINGS)
    head = b""
    while len(head) < _HEAD_BYTES:
        more = connection.recv(_HEAD_BYTES - len(head))
        if not more:
            return False
        head += more
    return head[3] == _SETTINGS


def _wrapping(tls: Tls) -> ssl.SSLContext:
    """Return a context that checks nothing: whether it is the right server is the users' business, not whether."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    certificate, key = tls.pair()
    if certificate and key:
        context.load_cert_chain(certificate, key)
    return context
