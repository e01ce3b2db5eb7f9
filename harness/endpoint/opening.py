"""Opening: grpc channels to an endpoint.

Each channel has a subchannel pool of its own: channels with equal arguments would share one
connection. Creating a channel connects nothing; reading its certificates may raise `UsageError`.
"""

import json
from pathlib import Path
from typing import Any

import grpc

from harness.endpoint import Endpoint, Retry, Tls, proxy
from harness.errors import UsageError

COMPRESSION = {
    "none": grpc.Compression.NoCompression,
    "deflate": grpc.Compression.Deflate,
    "gzip": grpc.Compression.Gzip,
}
"""grpc's compressions by the names that an endpoint has for them."""
PING_TIMEOUT = "grpc.http2.ping_timeout_ms"
"""What grpcio 1.85 heeds of a keepalive's time-out: without it a pong may take a minute, whatever is said there."""


def open_channel(endpoint: Endpoint, address: str) -> grpc.Channel:
    """Return a channel to one address of an endpoint, with a connection of its own.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    options = channel_options(endpoint)
    compression = COMPRESSION[endpoint.compression]
    if endpoint.tls is None:
        return grpc.insecure_channel(address, options=options, compression=compression)
    return grpc.secure_channel(address, tls_credentials(endpoint.tls), options=options, compression=compression)


def open_aio_channel(endpoint: Endpoint, address: str) -> grpc.aio.Channel:
    """Return an asynchronous channel to one address of an endpoint; it connects with its first call.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    options = channel_options(endpoint)
    if endpoint.tls is None:
        return grpc.aio.insecure_channel(address, options=options)
    return grpc.aio.secure_channel(address, tls_credentials(endpoint.tls), options=options)


def channel_options(endpoint: Endpoint) -> list[tuple[str, Any]]:
    """Return grpc's channel arguments for an endpoint's settings."""
    options: list[tuple[str, Any]] = [
        ("grpc.use_local_subchannel_pool", 1),
        # A dead peer must not be waited for between a fault's end and its recovery.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 1000),
        ("grpc.enable_retries", int(endpoint.retry is not None)),
        *proxy.channel_arguments(endpoint.proxy),
    ]
    if endpoint.keepalive_s is not None:
        options += [
            ("grpc.keepalive_time_ms", round(endpoint.keepalive_s * 1000)),
            ("grpc.keepalive_timeout_ms", round(endpoint.keepalive_timeout_s * 1000)),
            (PING_TIMEOUT, round(endpoint.keepalive_timeout_s * 1000)),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
    if endpoint.max_message_bytes is not None:
        options += [
            ("grpc.max_send_message_length", endpoint.max_message_bytes),
            ("grpc.max_receive_message_length", endpoint.max_message_bytes),
        ]
    if endpoint.tls is not None and endpoint.tls.server_name:
        options.append(("grpc.ssl_target_name_override", endpoint.tls.server_name))
    if endpoint.authority:
        options.append(("grpc.default_authority", endpoint.authority))
    if service_config := _service_config(endpoint):
        options.append(("grpc.service_config", json.dumps(service_config)))
    return options


def _service_config(endpoint: Endpoint) -> dict[str, Any]:
    method: dict[str, Any] = {}
    if endpoint.wait_for_ready:
        method["waitForReady"] = True
    if endpoint.retry is not None:
        method["retryPolicy"] = _retry_policy(endpoint.retry)
    return {"methodConfig": [{"name": [{}], **method}]} if method else {}


def _retry_policy(retry: Retry) -> dict[str, Any]:
    return {
        "maxAttempts": retry.attempts,
        "initialBackoff": f"{retry.first_backoff_s:.3f}s",
        "maxBackoff": f"{retry.max_backoff_s:.3f}s",
        "backoffMultiplier": retry.multiplier,
        "retryableStatusCodes": list(retry.codes),
    }


def tls_credentials(tls: Tls) -> grpc.ChannelCredentials:
    """Return the credentials of a TLS channel. Raises `UsageError` where a file cannot be read or is no PEM."""
    roots, key, chain = pems(tls)
    return grpc.ssl_channel_credentials(root_certificates=roots, private_key=key, certificate_chain=chain)


def pems(tls: Tls) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Return roots, private key and certificate chain. Raises `UsageError` where a file cannot be read or is no PEM."""
    certificate, key = tls.pair()
    return (
        _pem(tls.ca, "ca", "CERTIFICATE"),
        _pem(key, "key", "PRIVATE KEY"),
        _pem(certificate, "certificate", "CERTIFICATE"),
    )


def _pem(path: Path | None, name: str, holds: str) -> bytes | None:
    """Return a PEM file's bytes; grpc would take any bytes, and fail at the first call without saying why."""
    if path is None:
        return None
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"tls {name} {path}: {error.strerror}; give a PEM file that this user may read") from error
    if b"-----BEGIN " not in data or f"{holds}-----".encode() not in data:
        raise UsageError(f"tls {name} {path} holds no PEM {holds}; convert it with openssl, or name another file")
    return data
