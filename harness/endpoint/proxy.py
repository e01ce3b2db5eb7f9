"""An HTTP proxy before a target or an issuer: the one that the user names, and never one of the environment.

Load tests and bad tokens have no business on a company's proxy, and a proxy answers faster than most targets. So
every channel is told to heed no variable of the environment (`heedless`), and nothing else here reads them.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from harness.endpoint.address import bracketed

VARIABLES = (
    "http_proxy",
    "https_proxy",
    "grpc_proxy",
    "all_proxy",
    "no_proxy",
    "no_grpc_proxy",
    "grpc_address_http_proxy",
    "grpc_address_http_proxy_enabled_addresses",
)
"""Variables by which some program or other is told of a proxy, in lower case; upper case counts as well."""
HEEDLESS: tuple[tuple[str, Any], ...] = (
    ("grpc.enable_http_proxy", 0),
    ("grpc.address_http_proxy_enabled_addresses", ""),
)
"""Channel arguments of grpcio: the first covers all but GRPC_ADDRESS_HTTP_PROXY, which the second does."""
NAMED = "grpc.http_proxy"
"""The channel argument that names a proxy."""


def channel_arguments(proxy: str) -> list[tuple[str, Any]]:
    """Return the channel arguments that send calls by this proxy, or by none where it is empty."""
    return [HEEDLESS[1], (NAMED, proxy)] if proxy else list(HEEDLESS)


def http_pool(url: str, proxy: str, **settings: Any) -> Any:
    """Return a pool of HTTP connections to where a URL leads, through a proxy where one is named.

    urllib3 itself heeds no variable of the environment.
    """
    import urllib3

    if proxy and not excepted(urlsplit(url).hostname or ""):
        return urllib3.ProxyManager(proxy, **settings)
    return urllib3.PoolManager(**settings)


def mistakes(what: str, proxy: object) -> list[str]:
    """Return what is wrong with the address of a proxy, one sentence with its way out."""
    if not isinstance(proxy, str):
        return [f"{what}: proxy={proxy!r} is no text; give http://host:port"]
    if not proxy:
        return []
    if "@" in proxy:
        return [f"{what}: proxy= holds a user's name or password, which must not stand there; name a proxy without"]
    try:
        parts = urlsplit(proxy)
        whole = parts.scheme == "http" and bool(parts.hostname) and bool(parts.port) and not parts.path.strip("/")
    except ValueError:
        whole = False
    return [] if whole else [f"{what}: proxy={proxy!r} is no HTTP proxy; give http://host:port"]


def set_in(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the variables of a proxy that are set and not empty, sorted."""
    return sorted(name for name, value in environ.items() if name.lower() in VARIABLES and value)


def excepted(host: str, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether ``no_proxy`` keeps a host from a proxy that is named, as it does for curl and grpcio."""
    named = environ.get("no_grpc_proxy") or environ.get("no_proxy") or ""
    return any(_covers(entry.strip(), host) for entry in named.split(",") if entry.strip())


def _covers(entry: str, host: str) -> bool:
    """Tell whether an entry of ``no_proxy`` names a host: itself, a domain above it, a network, or ``*`` for all."""
    try:
        return ip_address(host) in ip_network(entry, strict=False)
    except ValueError:
        domain = entry.removeprefix("*").removeprefix(".").lower()
        return entry == "*" or f".{host.lower()}".endswith(f".{domain}")


def connect_request(host: str, port: int) -> bytes:
    """Return what asks a proxy for a tunnel (RFC 9110, section 9.3.6)."""
    where = f"{bracketed(host)}:{port}"
    return f"CONNECT {where} HTTP/1.1\r\nHost: {where}\r\n\r\n".encode()


def refusal(head: bytes) -> str | None:
    """Return why a proxy's answer opens no tunnel, or None where it does."""
    first = head.split(b"\r\n", 1)[0].decode(errors="replace")
    words = first.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith("HTTP/1.") or not words[1].isdecimal():
        return "it is no HTTP proxy"
    return None if words[1].startswith("2") else f"it answered {first[:60]!r}"


def told(proxy: str, environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Return what ``run.json`` says: which variables are set, by name alone, and which proxy was named."""
    return {"environment": set_in(environ), "named": proxy}


def sentence(proxy: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return what people are told of it."""
    if proxy:
        return f"{proxy}, as asked for"
    found = set_in(environ)
    verb = "is" if len(found) == 1 else "are"
    return f"none; {', '.join(found)} {verb} set here and not heeded, give --proxy URL for one" if found else "none"
