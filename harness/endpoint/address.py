"""Addresses of gRPC servers: ``host:port``, ``[v6]:port`` or ``unix:/path``.

gRPC's own names of the same are read as well (``dns:///host:port``); what needs a resolver of its own is named.
Source: grpc/grpc doc/naming.md.
"""

import ipaddress
import re
import socket

UNIX = "unix:"
_SAME = re.compile(r"^(?:dns|passthrough|ipv4|ipv6):(?:///)?(?=[^/]*:)", re.IGNORECASE)
"""What may stand before an address, and means nothing more than the address does."""
_RESOLVER = re.compile(r"^(?P<scheme>unix-abstract|vsock(?=:\d+:)|[a-z][a-z0-9+.-]*(?=://)):", re.IGNORECASE)
_OF_URLS = {"http": "80", "https": "443", "grpc": "port", "grpcs": "443", "tcp": "port", "h2c": "80", "h2": "443"}
"""Schemes that say no more than an address does, and the port that they mean."""


def plain(address: str) -> str:
    """Return an address without what may stand before it, and without white space around it."""
    bare = address.strip()
    if bare.startswith("unix:///"):
        return UNIX + bare.removeprefix("unix://")
    return _SAME.sub("", bare)


def is_unix(address: str) -> bool:
    """Tell whether an address names a unix socket."""
    return address.startswith(UNIX)


def host_of(address: str) -> str:
    """Return the host of an address, without brackets; that of a unix socket is ``localhost``."""
    return "localhost" if is_unix(address) else address.rpartition(":")[0].strip("[]")


def port_of(address: str) -> int:
    """Return the port of an address that is no unix socket."""
    return int(address.rpartition(":")[2])


def path_of(address: str) -> str:
    """Return the path of a unix socket."""
    return address.removeprefix(UNIX)


def bracketed(host: str) -> str:
    """Return a host as addresses and URLs write it: an IPv6 address in brackets."""
    return f"[{host}]" if ":" in host else host


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that is free now at an address of this machine."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as free:
        free.bind((host, 0))
        return int(free.getsockname()[1])


def is_here(host: str) -> bool:
    """Tell whether a host is this machine by its name alone, without asking a resolver."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def mistakes(address: str) -> list[str]:
    """Return what is wrong with an address, one sentence with its way out."""
    if is_unix(address):
        path = address.removeprefix(UNIX)
        return [] if path.startswith("/") else [f"target {address!r}: give the socket's whole path, unix:/run/my.sock"]
    scheme = found["scheme"] if (found := _RESOLVER.match(address)) else ""
    if scheme.lower() in _OF_URLS:
        return [f"target {address!r}: an address has no scheme; give {_of_url(address)}, and tls= (--tls) for TLS"]
    if scheme:
        return [f"target {address!r}: no resolver for {scheme}: is here; give the host:port that it finds"]
    if "," in address:
        return [f"target {address!r}: several addresses are given one by one; --target again for each (addresses=)"]
    host, _, port = address.rpartition(":")
    bare_v6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if not host or bare_v6 or not port.isdecimal() or not 0 < int(port) < 65536:
        return [f"target {address!r} is no address; give host:port, [::1]:port or unix:/path"]
    return []


def _of_url(url: str) -> str:
    """Return the address that a URL names, its port by the scheme where it has none."""
    scheme, _, rest = url.partition("://")
    place = rest.lstrip("/").partition("/")[0].rpartition("@")[2]
    has_port = place.rpartition(":")[2].isdecimal() and not place.endswith("]")
    return place if has_port or not place else f"{place}:{_OF_URLS[scheme.lower()]}"
