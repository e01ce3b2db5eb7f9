"""The asker: one method of one replica, called with one set of credentials after another.

A target of the user's need not answer a good call with OK: a ledger that does not know the account says
NOT_FOUND. What the handler says to a good call is the *usual answer*, and it counts as accepted.
"""

import ssl
from dataclasses import dataclass, replace
from typing import Any

from harness.clock import monotonic
from harness.defects.bench import Answer, Metadata, Shape
from harness.defects.caller import Caller
from harness.defects.raw_caller import RawCaller
from harness.endpoint import Endpoint, Tls
from harness.endpoint.further import Further
from harness.errors import UsageError
from harness.probe.target.carrier import Carrier
from harness.probe.target.line import open_line
from harness.results.classify import classify
from harness.results.grpc_status import CODES
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
    """Calls to one address; close it when done."""

    def __init__(
        self,
        endpoint: Endpoint,
        address: str,
        subject: Subject,
        carrier: Carrier | None = None,
        deadline_s: float = 5.0,
    ) -> None:
        self.address, self.subject, self.carrier = address, subject, carrier or Carrier()
        self.usual = Answer("OK")
        self.deadline_s = deadline_s
        self.beside = Further(endpoint.metadata)
        self._caller: Caller = open_line(endpoint, address)
        tls = endpoint.tls
        self._raw = RawCaller(address, _context(tls) if tls else None, tls.server_name if tls else "", endpoint.proxy)

    async def close(self) -> None:
        """Close its connections."""
        await self._caller.close()
        await self._raw.close()

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
            answer = await self._raw.call(kind, path, self.beside.at(0) + metadata, request, self.deadline_s)
        else:
            answer = await self._caller.call(kind, path, metadata, request, self.deadline_s, patient=patient)
        return replace(answer, took_s=monotonic() - began_s)

    async def with_token(self, token: str, *, raw: bool = False) -> Answer:
        """Make one call with a token, as the target wants it."""
        return await self.call(self.carrier.metadata(token), raw=raw)

    def open(self, metadata: Metadata, within_s: float, path: str) -> Any:
        """Open a call of a bidi method and return it."""
        return self._caller.open(path, metadata, within_s)

    def accepted(self, answer: Answer) -> bool:
        """Return whether an answer is what a good call gets."""
        same = answer.code == self.usual.code and (answer.code == "OK" or answer.text == self.usual.text)
        return same and answer.code in _OF_A_HANDLER

    def settles(self, answer: Answer) -> bool:
        """Take an answer to a good call for the usual one, where it comes from behind the door; return whether."""
        if answer.code not in _OF_A_HANDLER:
            return False
        self.usual = answer
        return True


def origin_of(answer: Answer) -> tuple[str, str]:
    """Return origin and cause of an answer, in lower case; empty for OK."""
    if answer.code == "OK":
        return "", ""
    origin, cause = classify(CODES[answer.code], answer.text, answer.failure_details)
    return Origin(origin).name.lower(), Cause(cause).name.lower()


def _context(tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise UsageError(f"tls: its files cannot be read ({type(error).__name__}); give PEM files") from error
    context.set_alpn_protocols(["h2"])
    return context
