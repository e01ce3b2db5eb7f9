"""Addresses of gRPC servers: ``host:port``, ``[v6]:port`` or ``unix:/path``."""

import ipaddress
import socket

UNIX = "unix:"


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
    if "://" in address:
        rest = address.partition("://")[2].rstrip("/")
        return [f"target {address!r}: an address has no scheme; give {rest or 'host:port'}, and tls= (--tls) for TLS"]
    host, _, port = address.rpartition(":")
    bare_v6 = ":" in host and not (host.startswith("[") and host.endswith("]"))
    if not host or bare_v6 or not port.isdecimal() or not 0 < int(port) < 65536:
        return [f"target {address!r} is no address; give host:port, [::1]:port or unix:/path"]
    return []
