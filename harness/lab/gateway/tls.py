"""TLS on both sides of the gateway, with ALPN looked at."""

import ssl
from pathlib import Path

from harness.errors import UsageError
from harness.lab.gateway.settings import ClientTls, ServerTls

ALPN = "h2"


def server_context(settings: ServerTls) -> ssl.SSLContext:
    """Return the context for clients; raises `UsageError` for a file that is not there or does not fit."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    _load_chain(context, settings.certificate, settings.key)
    if settings.client_ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        _load_authority(context, settings.client_ca)
    return context


def client_context(settings: ClientTls) -> ssl.SSLContext:
    """Return the context for the upstream; raises `UsageError` for a file that is not there or does not fit."""
    context = ssl.create_default_context() if settings.ca is None else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols([ALPN])
    if settings.ca is not None:
        _load_authority(context, settings.ca)
    if settings.certificate is not None and settings.key is not None:
        _load_chain(context, settings.certificate, settings.key)
    return context


def _load_chain(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        text = f"gateway: certificate {certificate} with key {key} cannot be used: {_reason(error)}"
        raise UsageError(f"{text}; give a certificate and its own key, both in PEM") from error


def _load_authority(context: ssl.SSLContext, authority: Path) -> None:
    try:
        context.load_verify_locations(authority)
    except (OSError, ssl.SSLError) as error:
        text = f"gateway: the certificates in {authority} cannot be used: {_reason(error)}"
        raise UsageError(f"{text}; give a file of certificates in PEM") from error


def _reason(error: OSError) -> str:
    return getattr(error, "reason", None) or error.strerror or type(error).__name__


def handshake_words(error: Exception) -> str:
    """Return in words why a handshake failed."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the peer's certificate was refused: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {(error.reason or type(error).__name__).replace('_', ' ').lower()}"
    if isinstance(error, TimeoutError):
        return "the handshake took too long"
    return f"the connection was lost within the handshake ({type(error).__name__})"
