"""Safety: neither load nor a token request leaves this machine, unless its user named the other one."""

from collections.abc import Callable

from harness.endpoint import Endpoint
from harness.endpoint.address import host_of, is_here
from harness.errors import UsageError


def is_elsewhere(endpoint: Endpoint | None) -> bool:
    """Tell whether an endpoint, or one of its replicas, is on another machine."""
    return endpoint is not None and not all(is_here(host_of(address)) for address in endpoint.addresses)


def guard_endpoint(endpoint: Endpoint | None, allowed: frozenset[str]) -> None:
    """Refuse to send load to another machine that nobody named on the command line.

    Raises `UsageError`.
    """
    for address in () if endpoint is None else endpoint.addresses:
        host = host_of(address)
        if not (host in allowed or is_here(host)):
            raise UsageError(f"target {address} is not on this machine; if you mean it, add --allow-target {host}")


def guard_source(source: object, allowed: frozenset[str]) -> None:
    """Refuse to send a run's token requests to another machine that nobody named on the command line.

    ``source`` is the settings of a token source; one with ``hosts()`` says which machines it calls. A storm
    is made to send many requests at once. Raises `UsageError`.
    """
    hosts: Callable[[], list[str]] = getattr(source, "hosts", list)
    for host in hosts():
        if not (host in allowed or is_here(host)):
            raise UsageError(f"the issuer at {host} is not on this machine; if you mean it, add --allow-target {host}")
