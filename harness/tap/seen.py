"""What was seen of one call on its way, as a tap tells it. Pure; no text of it holds a token."""

from dataclasses import dataclass, field

from harness.defects.bench import Answer
from harness.formatting import cause_words, duration
from harness.lab.gateway.call import RelayedCall
from harness.lab.gateway.recorder import outcome, printable
from harness.redaction import redact
from harness.results.grpc_status import CODES, STATUSES
from harness.results.row import Cause
from harness.results.wire_row import NO_STATUS, WireEnding

_SHORTEST = 4
_TURNED_AWAY = {CODES["UNAUTHENTICATED"], CODES["PERMISSION_DENIED"]}
_HTTP_CODES = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED"}
"""What gRPC clients make of an HTTP answer. Source: grpc/grpc doc/http-grpc-status-mapping.md."""
_ENDINGS = {
    WireEnding.RESET_BY_CLIENT: "cancelled by the client",
    WireEnding.RESET_BY_UPSTREAM: "reset by the service",
    WireEnding.CLIENT_LOST: "the client's connection was lost",
    WireEnding.UPSTREAM_LOST: "the service's connection was lost",
    WireEnding.UNREACHABLE: "the service could not be reached",
    WireEnding.STOPPED: "cut by the end of the tap",
}


@dataclass(frozen=True)
class SeenCall:
    """A call that is over; ``values`` are those of the metadata that bears tokens, in memory alone."""

    method: str
    answer: Answer
    cause: Cause
    took_s: float
    values: tuple[bytes, ...] = field(repr=False)
    date: str = ""
    """What the answer's ``date`` header says: the service's clock, where it tells."""

    @classmethod
    def of(cls, call: RelayedCall, token_key: bytes) -> "SeenCall":
        """Return what a relayed call tells."""
        path = next((value for name, value, _ in call.request if name == b":path"), b"")
        values = tuple(value for name, value, _ in call.request if name == token_key)
        answer = Answer(_code(call), _without(call.details, values), failure_details=call.failure_details)
        took_s = (call.ended_ns - call.opened_ns) / 1e9
        return cls(
            printable(path.split(b"?", 1)[0]), answer, outcome(call)[1], took_s, values, call.date.decode("latin-1")
        )

    @property
    def turned_away(self) -> bool:
        """Tell whether it was refused for who made it."""
        return self.answer.code in {STATUSES[code] for code in _TURNED_AWAY}

    @property
    def token(self) -> bytes:
        """Return the first token, without its scheme."""
        value = self.values[0] if self.values else b""
        return (value[7:] if value[:7].lower() == b"bearer " else value).strip()

    def line(self, who: str = "") -> str:
        """Return one line: method, status with its text, time, and ``who`` made it."""
        text = f" (“{self.answer.text}”)" if self.answer.text else ""
        blame = f": {cause_words(self.cause.name).label}" if self.turned_away or self.answer.code == "no answer" else ""
        return f"{self.method}  {self.answer.code}{text}{blame}, {duration(self.took_s)}{f'  {who}' if who else ''}"


def _without(text: str, values: tuple[bytes, ...]) -> str:
    """Return a server's text without the token of the call, which it may repeat, opaque ones included."""
    for value in values:
        for part in value.decode("utf-8", "replace").split(" "):
            text = text.replace(part, "[token]") if len(part) >= _SHORTEST and part.lower() != "bearer" else text
    return redact(text)


def _code(call: RelayedCall) -> str:
    if call.status != NO_STATUS:
        return STATUSES[call.status] if call.status < len(STATUSES) else str(call.status)
    if call.http_status not in {0, 200}:
        return _HTTP_CODES.get(call.http_status, f"HTTP {call.http_status}")
    return _ENDINGS.get(call.ending, "no answer")
