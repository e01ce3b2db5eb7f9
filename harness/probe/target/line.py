"""The line: one connection to one address of an endpoint, for asynchronous calls of every kind."""

from harness.defects.caller import Caller
from harness.endpoint import Endpoint
from harness.endpoint.further import Further
from harness.endpoint.opening import open_aio_channel


def open_line(endpoint: Endpoint, address: str) -> Caller:
    """Open a channel; it connects with its first call.

    Raises `UsageError` where a certificate or key cannot be read.
    """
    return Caller(open_aio_channel(endpoint, address), Further(endpoint.metadata))
