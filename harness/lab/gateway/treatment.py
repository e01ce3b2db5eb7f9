"""What faults make of one call: decided when it begins, carried out by the relay as its frames go by."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from harness.lab.gateway.header_codec import Fields

Rewrite = Callable[[Fields], Fields]
"""Return other fields in the place of these; never changes the list that it is given."""


class TreatmentMoment(Enum):
    """When a call is cut."""

    OPEN = "open"
    """Before the upstream hears of it."""
    HEADERS = "headers"
    """When the upstream's first headers arrive, in their place."""
    END = "end"
    """When the upstream has done its work, in the place of the end of its answer."""


@dataclass(frozen=True)
class StreamReset:
    """Cut a call by RST_STREAM."""

    code: int
    moment: TreatmentMoment


@dataclass(frozen=True)
class GatewayAnswer:
    """An answer of the gateway itself; the upstream never hears of the call."""

    headers: Fields
    body: bytes = b""
    trailers: Fields | None = None


@dataclass
class Treatment:
    """All that the faults in force do to one call; each fault adds its part.

    ``faults`` has a bit for each fault that touched the call. Of two answers or resets the first stays.
    """

    faults: int = 0
    answer: GatewayAnswer | None = None
    reset: StreamReset | None = None
    hold_request_s: float = 0.0
    hold_headers_s: float = 0.0
    hold_end_s: float = 0.0
    cut_trailers: bool = False
    request: list[Rewrite] = field(default_factory=list)
    headers: list[Rewrite] = field(default_factory=list)
    trailers: list[Rewrite] = field(default_factory=list)


def rewritten(fields: Fields, rewrites: list[Rewrite]) -> Fields:
    """Return the fields after all rewrites, in their order."""
    for rewrite in rewrites:
        fields = rewrite(fields)
    return fields
