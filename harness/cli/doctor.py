"""The doctor: what is installed, which proxy would serve and why, and what an absent tool would add."""

import os
import shutil
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from harness.endpoint import proxy as http_proxy
from harness.errors import UsageError
from harness.lab.clocks.faketime import find_library
from harness.lab.toxiproxy.choice import choose
from harness.transport.choice import WAY_OUT, native_version

NEEDED = ("locust", "grpcio", "gevent", "pyjwt", "toxiproxy-python", "pandas", "matplotlib", "pyarrow", "uvloop")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass(frozen=True)
class Diagnosis:
    """One line: ``ok``, ``missing`` (a run cannot do without) or ``absent`` (it adds something)."""

    mark: Literal["ok", "missing", "absent"]
    what: str
    text: str


def examine(
    environ: Mapping[str, str] = os.environ, which: Callable[[str], str | None] = shutil.which, port: int = 8089
) -> list[Diagnosis]:
    """Return what was found on this machine."""
    findings = [_python(), *(_package(name) for name in NEEDED)]
    findings.append(Diagnosis("ok", "proxy", choose(environ, which).text()))
    findings.append(Diagnosis("ok", "HTTP proxy", http_proxy.sentence("", environ)))
    findings.append(_native(native_version(), which))
    findings.append(_faketime(environ))
    findings.append(_port(port))
    findings.append(_tool("go", "builds the real Toxiproxy (in a checkout: make toxiproxy)", which))
    browser = next((name for name in BROWSERS if which(name)), None)
    findings.append(
        Diagnosis("ok", "browser", browser)
        if browser
        else Diagnosis(
            "absent", "browser", "a headless Chromium runs the page tests (Debian: apt-get install chromium)"
        )
    )
    return findings


def _python() -> Diagnosis:
    found = ".".join(str(part) for part in sys.version_info[:3])
    enough = sys.version_info >= (3, 11)
    return Diagnosis("ok" if enough else "missing", "Python", found if enough else f"{found}; install 3.11 or newer")


def _package(name: str) -> Diagnosis:
    try:
        return Diagnosis("ok", name, version(name))
    except PackageNotFoundError:
        return Diagnosis("missing", name, f"not installed; run: pip install {name}")


def _faketime(environ: Mapping[str, str]) -> Diagnosis:
    try:
        library = find_library(environ)
    except UsageError as error:
        adds = "it moves the clock of a server that a scenario launches"
        return Diagnosis("absent", "faketime", f"{str(error).removeprefix('faketime: ')}; {adds}")
    return Diagnosis("ok", "faketime", f"{library.version}: {library.path}")


def _native(found: str | None, which: Callable[[str], str | None]) -> Diagnosis:
    if found is not None:
        return Diagnosis("ok", "native transport", found)
    cargo = "" if which("cargo") else "; cargo is not found here: rustup.rs has it"
    return Diagnosis("absent", "native transport", f"runs use grpcio; {WAY_OUT}{cargo}")


def _port(port: int) -> Diagnosis:
    with socket.socket() as probe:
        taken = probe.connect_ex(("127.0.0.1", port)) == 0
    if taken:
        return Diagnosis(
            "absent", f"port {port}", "taken; give the web page another: jwtstorm run NAME --web-port 8090"
        )
    return Diagnosis("ok", f"port {port}", "free for the web page")


def _tool(name: str, adds: str, which: Callable[[str], str | None]) -> Diagnosis:
    path = which(name)
    return Diagnosis("ok", name, path) if path else Diagnosis("absent", name, f"not found; it {adds}")
