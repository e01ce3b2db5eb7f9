"""Native: channels of the compiled transport (``transport/``) to an endpoint, where it is installed.

It takes grpc's own names of channel arguments and refuses what it does not have; so it is asked,
by opening a channel, which connects nothing. Imported late: the package is optional.
"""

from collections.abc import Callable
from typing import Any

import grpc

from harness.endpoint import Endpoint
from harness.endpoint.opening import COMPRESSION, PING_TIMEOUT, channel_options, pems
from harness.endpoint.proxy import HEEDLESS
from harness.errors import UsageError
from harness.results.row import SCHEMA

NOWHERE = "127.0.0.1:1"
OF_GRPCIO = frozenset({PING_TIMEOUT, *(name for name, _ in HEEDLESS)})
"""Channel arguments that grpcio alone needs: native heeds no proxy of the environment as it is."""


def open_native(endpoint: Endpoint, address: str) -> grpc.Channel:
    """Return a native channel to one address of an endpoint, with a connection of its own.

    Raises `UsageError` where the package is absent, or does not have a setting.
    """
    try:
        return _open(endpoint, address)
    except ImportError as error:
        raise UsageError(f"transport native cannot be loaded here ({error}); take --transport grpcio") from error
    except ValueError as error:
        raise UsageError(f"transport native: {error}; drop that setting, or take --transport grpcio") from error


def native_ended_ns() -> Callable[[], int]:
    """Return what tells when the unary call that ended just now did so: when its last bytes reached this host."""
    import jwtstorm_transport as native

    ended_ns: Callable[[], int] = native.ended_ns
    return ended_ns


def refusal(endpoint: Endpoint) -> str | None:
    """Return why the native transport cannot reach an endpoint, or None; connects nothing."""
    try:
        _open(endpoint, NOWHERE).close()
    except (ImportError, ValueError) as error:
        return f"the native transport refuses: {error}"
    return None


def _open(endpoint: Endpoint, address: str) -> grpc.Channel:
    import jwtstorm_transport as native

    if getattr(native, "ROW_SCHEMA", 1) != SCHEMA:
        raise ValueError(
            "it was built for another version of the rows; in a checkout, `make transport` builds it again"
        )
    if endpoint.proxy:
        raise ValueError("it calls through no proxy (proxy=)")
    settings: dict[str, Any] = {
        "options": [option for option in channel_options(endpoint) if option[0] not in OF_GRPCIO],
        "compression": COMPRESSION[endpoint.compression],
    }
    channel: grpc.Channel
    if endpoint.tls is None:
        channel = native.insecure_channel(address, **settings)
    else:
        channel = native.secure_channel(address, native.Tls(*pems(endpoint.tls)), **settings)
    return channel
