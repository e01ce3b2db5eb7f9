"""The asker: one method of one replica, called with one set of credentials after another.

A target of the user's need not answer a good call with OK: a ledger that does not know the account says
NOT_FOUND. What the handler says to a good call is the *usual answer*, and it counts as accepted. Nor need it turn a bad
one away with UNAUTHENTICATED: its own way is learned (`harness.probe.target.refusals`).
"""

from dataclasses import dataclass, replace
from typing import Any

from harness.clock import monotonic
from harness.defects.bench import Answer, Metadata, Shape
from harness.endpoint import Endpoint
from harness.probe.target.carrier import Carrier
from harness.probe.target.line import TargetLine, open_line
from harness.probe.target.refusals import REJECTED, Refusals
from harness.probe.target.text_shape import text_shape
from harness.results.classify import classify
from harness.results.grpc_status import status_number
from harness.results.row import Cause, Origin

_OF_A_HANDLER = frozenset(
    {"OK", "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE", "ABORTED"}
)
_SHAPES = {
    "unary": (False, False),
    "server-stream": (False, True),
    "client-stream": (True, False),
    "bidi": (True, True),
}


@dataclass(frozen=True)
class Subject:
    """The call that is made: a method, its kind, and its message; use one without a harmful effect."""

    path: str
    kind: str = "unary"
    request: bytes = b""

    @property
    def shape(self) -> Shape:
        """Return the kind of call."""
        many_requests, many_responses = _SHAPES[self.kind]
        return Shape("unary", self.path, many_requests, many_responses)


class Asker:
    """Calls to one address; close it when done. ``refusals`` is how the target turns callers away."""

    def __init__(
        self,
        endpoint: Endpoint,
        address: str,
        subject: Subject,
        carrier: Carrier | None = None,
        deadline_s: float = 5.0,
        refusals: Refusals | None = None,
    ) -> None:
        self.address, self.subject, self.carrier = address, subject, carrier or Carrier()
        self.usual = Answer("OK")
        self.deadline_s = deadline_s
        self.refusals = refusals or Refusals()
        self._line: TargetLine = open_line(endpoint, address)
        self.beside = self._line.beside

    async def close(self) -> None:
        """Close its connections."""
        await self._line.close()

    async def call(
        self,
        metadata: Metadata,
        *,
        shape: Shape | None = None,
        method: str = "",
        raw: bool = False,
        patient: bool = True,
    ) -> Answer:
        """Make one call, and return how it ended and how long it took."""
        kind = shape or self.subject.shape
        path = method or kind.method
        request = self.subject.request if path == self.subject.path else b""
        began_s = monotonic()
        if raw:
            answer = await self._line.by_hand(kind, path, metadata, request, self.deadline_s)
        else:
            answer = await self._line.call(kind, path, metadata, request, self.deadline_s, patient=patient)
        return replace(answer, took_s=monotonic() - began_s)

    async def with_token(self, token: str, *, raw: bool = False) -> Answer:
        """Make one call with a token, as the target wants it."""
        return await self.call(self.carrier.metadata(token), raw=raw)

    def open(self, metadata: Metadata, within_s: float, path: str) -> Any:
        """Open a call of a bidi method and return it."""
        return self._line.open(path, metadata, within_s)

    def accepted(self, answer: Answer) -> bool:
        """Return whether an answer is what a good call gets."""
        return answer.code in _OF_A_HANDLER and same(answer, self.usual)

    def refused(self, answer: Answer) -> bool:
        """Return whether an answer turns the caller away, in this target's way."""
        return not self.accepted(answer) and self.refusals.includes(answer)

    def judged(self, answer: Answer) -> Answer:
        """Return an answer under the status that it stands for: accepted is OK, turned away UNAUTHENTICATED."""
        meaning = "OK" if self.accepted(answer) else REJECTED if self.refused(answer) else answer.code
        return answer if meaning == answer.code else replace(answer, code=meaning, sent=answer.code)

    def settles(self, answer: Answer) -> bool:
        """Take an answer to a good call for the usual one, where it comes from behind the door; return whether."""
        if answer.code not in _OF_A_HANDLER:
            return False
        self.usual = answer
        return True


def same(one: Answer, other: Answer) -> bool:
    """Return whether two answers say the same: by their status, and where that is no OK by their text's shape."""
    if one.code != other.code:
        return False
    return one.code == "OK" or text_shape(one.text) == text_shape(other.text)


def origin_of(answer: Answer) -> tuple[str, str]:
    """Return origin and cause of an answer, in lower case; empty for OK."""
    if answer.seen == "OK":
        return "", ""
    origin, cause = classify(status_number(answer.seen), answer.text, answer.failure_details)
    return Origin(origin).name.lower(), Cause(cause).name.lower()
