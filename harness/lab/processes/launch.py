"""Launch: a server of yours that the harness starts, as plain settings; `harness.lab.processes.launched` runs it.

In the command and in the environment, ``{port}`` and ``{address}`` stand for where it must listen,
``{issuer_url}`` and ``{jwks_url}`` for the lab's issuer, where that one serves.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from harness.endpoint import Endpoint, Tls
from harness.endpoint.address import host_of
from harness.endpoint.address import mistakes as mistakes_of_address
from harness.validation import positive, whole

PORT = "{port}"
ISSUER_WORDS = ("{issuer_url}", "{jwks_url}")
"""Words that only a run with the lab's issuer can fill in."""
_SOME_PORT = "1"


@dataclass(frozen=True)
class Launch:
    """A program that serves gRPC, started for the run and ended with it.

    ``command`` is the program and its arguments, no shell; ``address`` where it will listen: ``{port}`` is a port
    that is free when the run begins, and must then stand in the command or in ``environ`` too. ``environ`` is added
    to this process's environment, ``folder`` is where it runs. It must take gRPC connections within
    ``ready_within_s``, and must not put itself into the background. ``faketime`` runs it under libfaketime, so that
    the clock faults move its clock; it looks at the moved one anew after ``cache_s`` seconds at the earliest (0: at
    every look, which costs it most of its speed).
    """

    command: Sequence[str]
    address: str = "127.0.0.1:{port}"
    environ: Mapping[str, str] = field(default_factory=dict)
    folder: str = "."
    ready_within_s: float = 15.0
    tls: Tls | None = None
    faketime: bool = False
    cache_s: int = 1

    def mistakes(self) -> list[str]:
        """Return what is wrong with the settings, one sentence each with its way out."""
        if isinstance(self.command, str) or not self.command or not all(isinstance(one, str) for one in self.command):
            return [f'launch: command={self.command!r} is no list of words; write ["./server", "--port", "{{port}}"]']
        found = positive("launch", ready_within_s=self.ready_within_s) + whole("launch", 0, cache_s=self.cache_s)
        found += mistakes_of_address(self.address.replace(PORT, _SOME_PORT)) + list(self._strangers())
        if PORT in self.address and not self.uses(PORT, "{address}"):
            found.append("launch: the program is not told its port; put {port} into command= or environ=")
        return found + (self.tls.mistakes() if self.tls else [])

    def uses(self, *words: str) -> bool:
        """Tell whether the command or the environment holds one of these words."""
        return any(word in text for word in words for text in (*self.command, *self.environ.values()))

    def endpoint(self, address: str = "", connections: int = 1) -> Endpoint:
        """Return how to reach it at ``address``; without one, a place that stands for it."""
        where = address or self.address.replace(PORT, _SOME_PORT)
        return Endpoint((where,), tls=self.tls, connections=connections)

    def filled(self, values: Mapping[str, str]) -> "Filled":
        """Return the command and the environment with each ``{name}`` of ``values`` in place; other braces stay."""
        return Filled(
            tuple(_fill(word, values) for word in self.command),
            {name: _fill(text, values) for name, text in self.environ.items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Return what two runs must share; not the program, which builds differ in."""
        return {"faketime": self.faketime, "cache_s": self.cache_s if self.faketime else None, "tls": bool(self.tls)}

    def _strangers(self) -> Iterator[str]:
        host = host_of(self.address)
        if not _is_loopback(host):
            yield f"launch: address={self.address!r} is not on loopback; give 127.0.0.1:{{port}}"
        for word in re.findall(r"\{\w*\}", self.address):
            if word != PORT:
                yield f"launch: address={self.address!r}: {word} means nothing there; give {PORT}, or a number"


@dataclass(frozen=True)
class Filled:
    """A command and its environment, ready to start."""

    command: tuple[str, ...]
    environ: Mapping[str, str]


def place(launch: Launch) -> str:
    """Return the address at which a program shall listen: its own, or one with a port that is free now."""
    if PORT not in launch.address:
        return launch.address
    host = host_of(launch.address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return launch.address.replace(PORT, str(probe.getsockname()[1]))


def _fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
