"""The line: one connection to one address of an endpoint, for asynchronous calls of every kind."""

import grpc

from harness.defects.caller import Caller
from harness.endpoint import Endpoint
from harness.endpoint.opening import channel_options, tls_credentials


def open_line(endpoint: Endpoint, address: str) -> Caller:
    """Open a channel; it connects with its first call.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    options = channel_options(endpoint)
    if endpoint.tls is None:
        return Caller(address, grpc.aio.insecure_channel(address, options=options))
    return Caller(address, grpc.aio.secure_channel(address, tls_credentials(endpoint.tls), options=options))
