"""What the gateway is started with, and what its listeners are opened with: read from JSON at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from harness.errors import UsageError


def _known(cls: type[Any], data: Mapping[str, Any], what: str) -> dict[str, Any]:
    names = {one.name for one in fields(cls)}
    if strange := sorted(set(data) - names):
        raise UsageError(f"gateway: {what} has no setting {strange[0]!r}; known are {', '.join(sorted(names))}")
    return dict(data)


@dataclass(frozen=True)
class ServerTls:
    """TLS towards clients: files in PEM; with ``client_ca`` a client must show a certificate of that authority."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings of a JSON object; raises `UsageError` for an unknown name."""
        return cls(**_paths(_known(cls, data, "a listener's TLS"), "certificate", "key", "client_ca"))


@dataclass(frozen=True)
class ClientTls:
    """TLS towards the upstream: files in PEM.

    ``ca`` None takes the system's authorities; ``certificate`` and ``key`` show who we are; ``server_name`` is what
    the upstream's certificate bears, where that is not the address's host.
    """

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    server_name: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings of a JSON object; raises `UsageError` for an unknown name."""
        return cls(**_paths(_known(cls, data, "the upstream's TLS"), "ca", "certificate", "key"))


@dataclass(frozen=True)
class Upstream:
    """Where calls go on to: addresses ``host:port`` that connections take in turns, the next where one fails."""

    addresses: tuple[str, ...]
    tls: ClientTls | None = None
    connect_timeout_s: float = 5.0

    def __post_init__(self) -> None:
        if not self.addresses:
            raise UsageError("gateway: the upstream has no address; give at least one host:port")
        for address in self.addresses:
            _, colon, port = address.rpartition(":")
            if not colon or not port.isdigit() or not 0 < int(port) < 65536:
                raise UsageError(f"gateway: upstream {address!r} is not host:port, such as 127.0.0.1:50051")
        if self.connect_timeout_s <= 0:
            raise UsageError(f"gateway: connect_timeout_s={self.connect_timeout_s:g} is not above 0; give 5")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings of a JSON object; raises `UsageError` for an unknown name or a bad address."""
        given = _known(cls, data, "an upstream")
        given["addresses"] = tuple(given["addresses"])
        given["tls"] = ClientTls.from_json(given["tls"]) if given.get("tls") is not None else None
        return cls(**given)


@dataclass(frozen=True)
class GatewaySettings:
    """Settings of one gateway.

    ``port`` is the control port's, 0 for a free one. ``folder`` gets the rows of its calls, as those of gateway
    ``number``; None keeps none. ``token_key`` is the run's key, in hexadecimal, under which tokens are told apart; it
    is never written. ``token_metadata`` is the key that bears tokens. ``seed`` draws which calls a fault touches.
    ``drain_s`` is how long calls may take to end once the gateway is told to end.
    """

    upstream: Upstream
    control_secret: str = field(repr=False)
    port: int = 0
    token_key: str = field(default="", repr=False)
    token_metadata: str = "authorization"  # noqa: S105 - a name
    folder: Path | None = None
    number: int = 0
    seed: int = 0
    drain_s: float = 2.0

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings of a JSON object; raises `UsageError` for an unknown name or a bad value."""
        given = _paths(_known(cls, data, "it"), "folder")
        given["upstream"] = Upstream.from_json(given["upstream"])
        return cls(**given)


def _paths(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: Path(value) if name in names and value is not None else value for name, value in data.items()}
