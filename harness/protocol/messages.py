"""Begin: what the conductor tells a worker before its users start. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from harness.transport.choice import GRPCIO


@dataclass(frozen=True)
class Begin:
    """What a worker is told before its users start.

    ``run`` is the run's folder on the conductor's host, ``boot_id`` tells that host (`harness.protocol.file_shipping`).
    ``secret`` is the lab client's, ``key`` the lab issuer's where faults need it to forge tokens; they travel over
    Locust's channel and are stored nowhere. ``transport`` is the name of the one that the conductor chose.
    """

    run: str
    worker: int
    workers: int
    users: int
    target: str
    fingerprint: str
    boot_id: str = ""
    token_url: str = ""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    key: Mapping[str, str] = field(default_factory=dict, repr=False)
    transport: str = GRPCIO

    def to_json(self) -> dict[str, Any]:
        """Return the message's data."""
        return asdict(self)


def begin_from(data: Mapping[str, Any]) -> Begin:
    """Return the message that the conductor sent."""
    return Begin(**data)
