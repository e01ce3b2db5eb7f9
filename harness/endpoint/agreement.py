"""Agreement: whether two ends mean the same by TLS, read off why they did not connect."""

from harness.endpoint import Endpoint

_SIGNS = (
    ("WRONG_VERSION_NUMBER", "it speaks plaintext, and TLS was asked for; drop tls= (--tls)"),
    ("UNEXPECTED_MESSAGE", "it speaks plaintext, and TLS was asked for; drop tls= (--tls)"),
    (
        "TLSV1_ALERT_UNKNOWN_CA",
        "it does not trust the client's certificate; give one that its CA signed (--cert, --key)",
    ),
    ("CERTIFICATE_REQUIRED", "it wants a certificate of the client's; give certificate= and key= (--cert, --key)"),
    ("HANDSHAKE_FAILURE", "it and we have no way of TLS in common, or it wants a certificate (--cert, --key)"),
    ("Hostname Verification", "its certificate bears another name; give server_name= (--server-name) as it is there"),
    (
        "unable to get local issuer",
        "its certificate is of a CA that is not trusted; give that CA's PEM file, ca= (--ca)",
    ),
    ("self-signed", "its certificate is of a CA that is not trusted; give that CA's PEM file, ca= (--ca)"),
    ("self signed", "its certificate is of a CA that is not trusted; give that CA's PEM file, ca= (--ca)"),
    ("create security handshaker", "certificate and key do not belong together; name the key of that certificate"),
    ("certificate has expired", "its certificate has expired; renew it there"),
    ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted; give its CA's PEM file, ca= (--ca)"),
)
"""What a library's text shows, and what it means."""
_CLOSED = (
    "Socket closed",
    "recvmsg:Connection reset",
    "Connection reset by peer",
    "Received RST_STREAM",
    "FD Shutdown",
)


def tls_mismatch(endpoint: Endpoint, address: str, why: str) -> str | None:
    """Return what two ends disagree about, in one line with the way out; None for any other reason."""
    closed = any(sign in why for sign in _CLOSED)
    if endpoint.tls is None:
        meaning = "it closes plaintext connections and may want TLS; add tls=Tls(…) (--tls, --ca FILE)"
        return f"target {address}: {meaning}" if closed or "settings frame" in why.lower() else None
    for sign, meaning in _SIGNS:
        if sign in why:
            return f"target {address}: {meaning}"
    if not closed:
        return None
    if endpoint.tls.certificate is None:
        return f"target {address}: it closes TLS connections and may want a certificate of the client's (--cert, --key)"
    return f"target {address}: it closes TLS connections and may not trust the client's certificate (--cert, --key)"
