"""FailureDetails: what a server says of a failure beside its code and its text, as it comes in metadata. Pure."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from harness.redaction import redact
from harness.results import challenge, status_details
from harness.results.challenge import Challenge
from harness.results.status_details import StatusDetails

VERDICT_KEY: Final = "x-jwtstorm-verdict"
"""Trailer in which the lab's target says what its verifier decided: a `Cause` in lower case."""

_HTTP_STATUS: Final = re.compile(
    r"(?:Received http2 header with status:|unexpected HTTP status code(?: received from server:)?) (\d{3})"
)
_NO_GRPC: Final = re.compile(
    r"the answer's content-type is"
    r"|Stream removed(?: \(Data frame with END_STREAM|: the answer ended without grpc-status)"
)
"""How grpcio and the native transport begin to tell of an answer that is HTTP/2 and no gRPC.

Only a text that begins so is the client's: a verifier may tell of an HTTP status too, that of its key server.
"""


@dataclass(frozen=True)
class FailureDetails:
    """What came in the metadata of a failed call; ``verdict`` is the lab's own trailer."""

    verdict: str | None = None
    details: StatusDetails | None = None
    challenge: Challenge | None = None

    @classmethod
    def of(cls, metadata: Iterable[tuple[str, str | bytes]] | None) -> "FailureDetails":
        """Return what initial and trailing metadata hold; of a key that comes twice, the first counts."""
        values: dict[str, str | bytes] = {}
        for key, value in metadata or ():
            values.setdefault(key, value)
        if not values.keys() & _KEYS:
            return NO_DETAILS
        verdict, packed, asked = (values.get(key) for key in (VERDICT_KEY, status_details.KEY, challenge.KEY))
        return cls(
            None if verdict is None else str(verdict),
            status_details.parse(packed) if isinstance(packed, bytes) else None,
            challenge.parse(str(asked)) if asked is not None else None,
        )

    @classmethod
    def of_wire(cls, fields: Iterable[tuple[bytes, bytes]]) -> "FailureDetails":
        """Return what headers and trailers hold as they go over the wire; a binary value that is no base64 is none."""
        wanted = [(key.decode("latin-1"), value) for key, value in fields if key in _WIRE_KEYS]
        return cls.of(
            [
                (key, _unpacked(value) if key.endswith("-bin") else value.decode("utf-8", "replace"))
                for key, value in wanted
            ]
        )

    def shown(self) -> dict[str, Any]:
        """Return what the auth trace keeps of it."""
        reasons = []
        if self.details is not None and self.details.reason:
            of = f" of {self.details.domain}" if self.details.domain else ""
            reasons.append(f"{self.details.reason}{of}")
        if self.challenge is not None and self.challenge.error:
            reasons.append(f"{self.challenge.error} ({self.challenge.description or challenge.KEY})")
        shown: dict[str, Any] = {"reason": redact("; ".join(reasons))} if reasons else {}
        if self.details is not None and self.details.retry_s is not None:
            shown["retry_after_s"] = self.details.retry_s
        return shown


_KEYS: Final = frozenset({VERDICT_KEY, status_details.KEY, challenge.KEY})
_WIRE_KEYS: Final = frozenset(key.encode() for key in _KEYS)
NO_DETAILS: Final = FailureDetails()


def _unpacked(value: bytes) -> bytes:
    try:
        return base64.b64decode(value + b"=" * (-len(value) % 4))
    except ValueError:
        return b""


@dataclass(frozen=True)
class ForeignHttpAnswer:
    """An answer that is no gRPC: its HTTP status, or 0 where the client does not tell it."""

    status: int = 0

    def __str__(self) -> str:
        return f"something in between answered HTTP {self.status}" if self.status else _ANSWERED


_ANSWERED = "something in between answered, and not in gRPC"


def http_answer(text: str) -> ForeignHttpAnswer | None:
    """Return what the client's text tells of an answer that is no gRPC, or None where it was a gRPC server's."""
    if (found := _HTTP_STATUS.match(text)) is not None:
        return ForeignHttpAnswer(int(found.group(1)))
    return ForeignHttpAnswer() if _NO_GRPC.match(text) else None
