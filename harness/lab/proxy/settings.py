"""What the server of the proxy is started with."""

from dataclasses import dataclass
from pathlib import Path

from harness.errors import UsageError


@dataclass(frozen=True)
class ProxySettings:
    """Settings of one server; the defaults suit a person at a terminal.

    ``port`` 0 takes a free one. ``seed`` None draws one. ``strict_compat`` turns off what differs
    from Toxiproxy 2.12 in behaviour, mistakes included; docs/proxy.md lists it.
    """

    host: str = "127.0.0.1"
    port: int = 8474
    config: Path | None = None
    seed: int | None = None
    strict_compat: bool = False
    connect_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise UsageError(f"proxy: port {self.port} is not in 0 to 65535; give --port 8474, or 0 for a free one")
        if self.connect_timeout_s <= 0:
            raise UsageError(f"proxy: connect_timeout_s={self.connect_timeout_s:g} is not above 0; give 10")
