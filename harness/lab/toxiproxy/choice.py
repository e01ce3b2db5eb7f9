"""Which Toxiproxy serves a run: the one that is named, the one that is installed, or the embedded one."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

URL_VARIABLE = "TOXIPROXY_URL"
BINARY = "toxiproxy-server"


@dataclass(frozen=True)
class ProxyChoice:
    """Which proxy serves, where it is (a URL, a path, or nothing for the embedded one), and why."""

    kind: Literal["url", "binary", "embedded"]
    where: str
    why: str

    @property
    def url(self) -> str | None:
        """Return the address of a server that runs already."""
        return self.where if self.kind == "url" else None

    @property
    def path(self) -> str | None:
        """Return the program to start."""
        return self.where if self.kind == "binary" else None

    def text(self) -> str:
        """Return one line for people."""
        return f"{self.kind} proxy{' ' + self.where if self.where else ''}: {self.why}"


def choose(environ: Mapping[str, str] = os.environ, which: Callable[[str], str | None] = shutil.which) -> ProxyChoice:
    """Return the proxy that serves, from the environment and the programs on PATH."""
    if url := environ.get(URL_VARIABLE, "").strip():
        return ProxyChoice("url", url if "//" in url else f"http://{url}", f"{URL_VARIABLE} names it")
    if path := which(BINARY):
        return ProxyChoice("binary", path, f"{BINARY} is on PATH and {URL_VARIABLE} is not set")
    return ProxyChoice("embedded", "", f"{URL_VARIABLE} is not set and {BINARY} is not on PATH")
