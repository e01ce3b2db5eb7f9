"""The choice of a transport: what carries a run's calls, and why.

``native`` is our own package in ``transport/`` (import name `jwtstorm_transport`), compiled, and optional.
``grpcio`` is always there. ``auto`` takes native where it is installed and has every setting that the endpoint
asks for. One choice holds for all workers of a run: the conductor makes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from harness.errors import UsageError

AUTO, GRPCIO, NATIVE = "auto", "grpcio", "native"
TRANSPORTS = (AUTO, GRPCIO, NATIVE)
VARIABLE = "JWTSTORM_TRANSPORT"
"""Environment variable that names a transport where the command line does not."""
MODULE, DISTRIBUTION = "jwtstorm_transport", "jwtstorm-transport"
WAY_OUT = "in a checkout, `make transport` builds it (needs cargo); or pip install its wheel"


@dataclass(frozen=True)
class Choice:
    """A transport, its version, and why it was taken."""

    name: str
    version: str
    why: str

    def text(self) -> str:
        """Return the choice as one line."""
        return f"{self.name} {self.version}: {self.why}"


def native_version() -> str | None:
    """Return the version of the native transport, or None where it is not installed; loads nothing."""
    try:
        return version(DISTRIBUTION) if find_spec(MODULE) else None
    except PackageNotFoundError:
        return "source"


def version_of(name: str) -> str:
    """Return the version of a transport that is installed."""
    return version(GRPCIO) if name == GRPCIO else native_version() or "absent"


def choose(
    asked: str,
    refusal: Callable[[], str | None],
    installed: Callable[[], str | None] = native_version,
) -> Choice:
    """Return the transport for what was ``asked`` (one of `TRANSPORTS`).

    ``refusal`` says which setting the native transport does not have, or None; it is asked only where that is
    installed. Raises `UsageError` where native is asked for and cannot serve.
    """
    if asked == GRPCIO:
        return Choice(GRPCIO, version_of(GRPCIO), "asked for")
    found = installed()
    why_not = f"the native transport is not installed; {WAY_OUT}" if found is None else refusal()
    if found is not None and why_not is None:
        return Choice(NATIVE, found, "asked for" if asked == NATIVE else "it is installed and has every setting")
    if asked == NATIVE:
        way_out = "" if found is None else "; drop that setting, or take --transport grpcio"
        raise UsageError(f"transport native: {why_not}{way_out}")
    return Choice(GRPCIO, version_of(GRPCIO), str(why_not))


PYTHON, TRANSPORT = "python", "transport"
MAKERS = (AUTO, PYTHON, TRANSPORT)
"""Who makes a scenario's declared calls (`harness.worker.declared_calls`)."""


def maker(asked: str, transport: str, *, declared: bool, right_clients: bool) -> str:
    """Return who makes the calls: the transport where it can make declared ones, else Python.

    ``declared`` tells whether the scenario has ``calls=``, ``right_clients`` that none of its users is of the zoo.
    Raises `UsageError` where the transport is asked for and cannot.
    """
    hindrances = {
        "the transport is grpcio; take --transport native": transport != NATIVE,
        "the scenario declares no calls; give calls=[Call(…)]": not declared,
        "its clients are of the zoo, and those are written in Python; drop clients=, or --zoo": not right_clients,
    }
    why_not = next((text for text, hinders in hindrances.items() if hinders), None)
    if asked == TRANSPORT and why_not:
        raise UsageError(f'calls_by="transport": {why_not}')
    return PYTHON if asked == PYTHON or why_not else TRANSPORT
