"""Addresses as the API takes them, ``host:port``, and the texts Toxiproxy refuses them with."""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass

from harness.lab.proxy.errors import ApiError

RESOLVE_TIMEOUT_S = 5.0
BACKLOG = 4096


@dataclass(frozen=True)
class Address:
    """A host, empty for all interfaces, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def split(text: str) -> Address:
    """Return the parts of ``host:port`` or ``[host]:port``.

    Raises `ApiError` 500 with the text that Toxiproxy gives.
    """
    host, colon, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or (text.startswith("[") and not bracketed):
        raise ApiError(500, f"address {text}: missing port in address")
    if ":" in host and not bracketed:
        raise ApiError(500, f"address {text}: too many colons in address")
    if port and not (port.isascii() and port.isdigit()):
        raise ApiError(500, f"lookup tcp/{port}: unknown port")
    if int(port or 0) > 65535:
        raise ApiError(500, f"address {port}: invalid port")
    return Address(host[1:-1] if bracketed else host, int(port or 0))


async def resolve(text: str) -> Address:
    """Return the address with its host as a number; an empty host means all interfaces.

    Raises `ApiError` 500 for what cannot be read or found.
    """
    address = split(text)
    if not address.host:
        return Address("::" if socket.has_ipv6 else "0.0.0.0", address.port)  # noqa: S104 - asked for by name
    if number := _number(address.host):
        return Address(number, address.port)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_TIMEOUT_S):
            found = await loop.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError, UnicodeError):
        raise ApiError(500, f"lookup {address.host}: no such host") from None
    numbers = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return Address(str(numbers[0][4][0]), address.port)


def _number(host: str) -> str | None:
    """Return a host as a number where no resolver is needed: it may be slow, or busy with upstreams."""
    if host == "localhost":
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def listen(address: Address) -> socket.socket:
    """Return a listening socket that does not block.

    Raises `ApiError` 500 where the address is taken or not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if address.host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((address.host, address.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        reason = error.strerror or str(error)
        raise ApiError(500, f"listen tcp {address}: bind: {reason[:1].lower()}{reason[1:]}") from None
    return listener


def bound(listener: socket.socket) -> Address:
    """Return where a socket listens."""
    host, port = listener.getsockname()[:2]
    return Address(str(host), int(port))
