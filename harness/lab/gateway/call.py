"""What is seen of one call on the wire, while it goes by. Times are nanoseconds on the monotonic clock."""

from dataclasses import dataclass, field
from urllib.parse import unquote

from harness.lab.gateway.header_codec import Fields
from harness.lab.gateway.messages import MessageCounter
from harness.results.failure_details import NO_DETAILS, FailureDetails
from harness.results.row import NO_LIFE
from harness.results.wire_row import NO_STATUS, WireEnding


@dataclass(slots=True)
class RelayedCall:
    """One call; what never happened has time 0.

    ``http_status`` is 0 and ``status`` `NO_STATUS` where the answer had none. ``reset_code`` tells which code an
    RST_STREAM bore. ``faults`` has a bit for each gateway fault that touched the call. ``token`` and ``life_ms`` are
    those of `harness.results.wire_row.WireRow`.
    """

    stream_id: int
    opened_ns: int
    request: Fields
    token: int = 0
    tokens: int = 0
    life_ms: int = NO_LIFE
    forwarded_ns: int = 0
    headers_ns: int = 0
    first_byte_ns: int = 0
    ended_ns: int = 0
    http_status: int = 0
    status: int = NO_STATUS
    ending: WireEnding = WireEnding.ANSWERED
    reset_code: int = 0
    faults: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    sent: MessageCounter = field(default_factory=MessageCounter)
    received: MessageCounter = field(default_factory=MessageCounter)
    details: str = ""
    date: bytes = b""
    failure_details: FailureDetails = NO_DETAILS

    def see_request_data(self, data: bytes) -> None:
        """Count what the client sent."""
        self.request_bytes += len(data)
        self.sent.feed(data)

    def see_response_data(self, data: bytes, now_ns: int) -> None:
        """Count what went to the client."""
        if not self.first_byte_ns:
            self.first_byte_ns = now_ns
        self.response_bytes += len(data)
        self.received.feed(data)

    def see_response_fields(self, fields: Fields, now_ns: int) -> None:
        """Note headers or trailers that went to the client."""
        if not self.headers_ns:
            self.headers_ns = now_ns
        for name, value, _ in fields:
            if name == b":status":
                self.http_status = _number(value, 0)
            elif name == b"grpc-status":
                self.status = _number(value, NO_STATUS)
            elif name == b"grpc-message":
                self.details = unquote(value.decode("utf-8", "replace"))
            elif name == b"date":
                self.date = value
        found = FailureDetails.of_wire((name, value) for name, value, _ in fields)
        if found is not NO_DETAILS:
            self.failure_details = found

    def end(self, ending: WireEnding, now_ns: int, reset_code: int = 0) -> None:
        """Note how it ended."""
        self.ended_ns = now_ns
        self.ending = ending
        self.reset_code = reset_code


def _number(text: bytes, otherwise: int) -> int:
    return int(text) if text.isdigit() and len(text) < 10 else otherwise
