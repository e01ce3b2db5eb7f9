"""What the gateway is started with, and what its listeners are opened with, as JSON says it."""

from dataclasses import dataclass, field
from pathlib import Path

from harness.errors import UsageError


@dataclass(frozen=True)
class ServerTls:
    """TLS towards clients: files in PEM; with ``client_ca`` a client must show a certificate of that authority."""

    certificate: Path
    key: Path
    client_ca: Path | None = None


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
