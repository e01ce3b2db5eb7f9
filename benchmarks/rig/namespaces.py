"""Network namespaces as hosts: each has a network stack of its own, and reaches the others over a bridge (Linux, root).

Everything made here has a name that begins with ``jwts`` and is deleted on the way out.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

BRIDGE = "jwtsbr"
NETWORK = "10.213.77"
HERE = f"{NETWORK}.1"
"""The address of this namespace on the bridge: where a target listens for all hosts."""


def address(host: int) -> str:
    """Return the address of a host, counted from 0."""
    return f"{NETWORK}.{host + 10}"


def inside(host: int) -> tuple[str, ...]:
    """Return what goes before a command that runs on a host."""
    return ("ip", "netns", "exec", _name(host))


def refusal() -> str | None:
    """Return why there can be no hosts here, or None."""
    if shutil.which("ip") is None:
        return "ip is not installed (Debian: apt-get install iproute2)"
    if os.geteuid() != 0:
        return "network namespaces need root"
    tried = _ip("netns", "add", "jwtstry", check=False)
    if tried.returncode:
        return f"ip netns is not permitted here: {tried.stderr.strip()}"
    _ip("netns", "del", "jwtstry")
    return None


@contextmanager
def bridged() -> Iterator[None]:
    """Make the bridge, with this namespace on it."""
    _ip("link", "add", BRIDGE, "type", "bridge")
    try:
        _ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        yield
    finally:
        _ip("link", "del", BRIDGE)


@contextmanager
def hosts(count: int) -> Iterator[None]:
    """Make so many hosts on the bridge."""
    with ExitStack() as undo:
        for host in range(count):
            undo.callback(_remove, host)
            _add(host)
        yield


def _add(host: int) -> None:
    name, near, far = _name(host), f"jwtsn{host}", f"jwtsf{host}"
    _ip("netns", "add", name)
    _ip("link", "add", near, "type", "veth", "peer", "name", far)
    _ip("link", "set", near, "master", BRIDGE, "up")
    _ip("link", "set", far, "netns", name)
    _ip("-n", name, "addr", "add", f"{address(host)}/24", "dev", far)
    _ip("-n", name, "link", "set", far, "up")
    _ip("-n", name, "link", "set", "lo", "up")


def _remove(host: int) -> None:
    """Take a host away; its cable by hand, which would linger for a moment after its namespace."""
    _ip("link", "del", f"jwtsn{host}", check=False)
    _ip("netns", "del", _name(host), check=False)


def _name(host: int) -> str:
    return f"jwtshost{host}"


def _ip(*words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=check)  # noqa: S607 - the system's own ip
