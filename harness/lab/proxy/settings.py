"""What the server of the proxy is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

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

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Return the settings of a JSON object; raises `UsageError` for an unknown name."""
        known = {field.name for field in fields(cls)}
        if strange := sorted(set(data) - known):
            raise UsageError(f"proxy: setting {strange[0]!r} is unknown; known are {', '.join(sorted(known))}")
        config = data.get("config")
        return cls(**{**data, "config": Path(config) if config else None})
