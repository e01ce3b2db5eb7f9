"""Names: the addresses that a name has, in the order in which this machine would try them."""

import socket
from dataclasses import dataclass, replace
from typing import Any

from harness.endpoint import ROUND_ROBIN, Endpoint
from harness.endpoint.address import bracketed, host_of, is_unix, path_of, port_of
from harness.errors import RunError

_LISTENS_S = 2.0


@dataclass(frozen=True)
class Place:
    """One place where a socket can be opened: its family, and what the operating system calls it."""

    family: int
    where: Any

    def __str__(self) -> str:
        if isinstance(self.where, str):
            return f"unix:{self.where}"
        host, port = self.where[:2]
        return f"{bracketed(host)}:{port}"


def resolve(address: str) -> list[Place]:
    """Return the places of an address, each once; raises `RunError` where its name is not known here."""
    if is_unix(address):
        return [Place(socket.AF_UNIX, path_of(address))]
    host = host_of(address)
    try:
        found = socket.getaddrinfo(host, port_of(address), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise RunError(f"the name {host} is not known here ({why}); correct it, or see DNS and /etc/hosts") from error
    return list(dict.fromkeys(Place(family, where) for family, _, _, _, where in found))


def spread(endpoint: Endpoint) -> Endpoint:
    """Return an endpoint with the addresses of its name in the name's place, where it is balanced over them.

    Those that take no connection now are left out, unless none does. What is sent of the name stays. Raises
    `RunError` where the name is not known here.
    """
    if endpoint.balance != ROUND_ROBIN or endpoint.proxy:
        return endpoint
    original = endpoint.addresses[0]
    places = resolve(original)
    reached = tuple(str(place) for place in ([place for place in places if _listens(place)] or places))
    tls = endpoint.tls and replace(endpoint.tls, server_name=endpoint.tls.server_name or host_of(original))
    return replace(endpoint, addresses=reached, tls=tls, authority=endpoint.authority or ("" if tls else original))


def _listens(place: Place) -> bool:
    with socket.socket(place.family, socket.SOCK_STREAM) as tried:
        tried.settimeout(_LISTENS_S)
        return tried.connect_ex(place.where) == 0
