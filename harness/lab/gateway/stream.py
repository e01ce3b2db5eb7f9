"""The stream table's entries: one call's two directions, their windows, and what waits in them.

``CLIENT`` and ``UPSTREAM`` index whatever exists once per side. A direction is named by the side that it
leads to.
"""

from collections import deque
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.treatment import Treatment

CLIENT = 0
UPSTREAM = 1
_NS_PER_S = 1_000_000_000


class HeadersPart(NamedTuple):
    """A header block that waits, or goes; it is encoded when it goes, for HPACK knows an order."""

    fields: Fields
    end: bool
    priority: bytes = b""


class DataPart(NamedTuple):
    """Data without its padding."""

    payload: bytes
    end: bool


class ResetPart(NamedTuple):
    """An RST_STREAM that goes behind what was sent before it."""

    code: int
    end: bool = False


Part: TypeAlias = HeadersPart | DataPart | ResetPart


class StreamFlow:
    """One direction of one stream.

    ``source_bytes`` is what its sender may still send, ``sink_bytes`` what its receiver still takes. ``queue`` is
    None as long as everything passes at once.
    """

    __slots__ = (
        "ended",
        "gate_ns",
        "hold_first_ns",
        "hold_last_ns",
        "queue",
        "queued_bytes",
        "sink_bytes",
        "source_bytes",
    )

    def __init__(self, source_bytes: int, sink_bytes: int) -> None:
        self.source_bytes = source_bytes
        self.sink_bytes = sink_bytes
        self.queue: deque[Part] | None = None
        self.queued_bytes = 0
        self.ended = False
        self.gate_ns = 0
        self.hold_first_ns = 0
        self.hold_last_ns = 0

    def push(self, part: Part) -> None:
        """Let a part wait behind the others."""
        if self.queue is None:
            self.queue = deque()
        self.queue.append(part)
        if isinstance(part, DataPart):
            self.queued_bytes += len(part.payload)

    def waits_ns(self, part: Part) -> int:
        """Return how long faults hold this part back before it may go; each hold is told once."""
        wait_ns = self.hold_first_ns
        self.hold_first_ns = 0
        if part.end:
            wait_ns += self.hold_last_ns
            self.hold_last_ns = 0
        return wait_ns


@dataclass(slots=True, eq=False)
class Stream:
    """One stream of a connection, as both sides know it.

    ``ids`` are its numbers at the client and at the upstream; 0 where that side has not heard of it. ``begun``
    says that its answer has, ``answered`` that the gateway itself answers it, ``over`` that it left the table.
    """

    ids: list[int]
    flows: tuple[StreamFlow, StreamFlow]
    treatment: Treatment | None = None
    call: RelayedCall | None = None
    begun: bool = False
    answered: bool = False
    over: bool = False

    def hold(self, treatment: Treatment) -> None:
        """Take over how long a treatment holds which part back."""
        self.flows[UPSTREAM].hold_first_ns = int(treatment.hold_request_s * _NS_PER_S)
        self.flows[CLIENT].hold_first_ns = int(treatment.hold_headers_s * _NS_PER_S)
        self.flows[CLIENT].hold_last_ns = int(treatment.hold_end_s * _NS_PER_S)
