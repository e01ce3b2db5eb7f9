"""The attempt: what one try of one call was, and the caller that made it. Pure data and its clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol
from weakref import WeakSet

from harness import clock
from harness.endpoint.metadata import Metadata
from harness.faults.per_call import Forge
from harness.faults.per_call.dice import CallFaults
from harness.results.failure_details import NO_DETAILS, FailureDetails
from harness.results.row import MOST_NTH, NO_LIFE, Cause, Flag, Origin
from harness.tokens.client_parts import ClientParts
from harness.tokens.keeper import Keeper
from harness.tokens.refresh import Decision, Tokens
from harness.tokens.token import Token


class Open(Protocol):
    """A call that may outlive its task: a stream."""

    def leave(self) -> None:
        """Cancel and record it, unless it is over."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A first attempt that the transport made by itself, and that failed; monotonic ns."""

    token: Token
    sent_ns: int
    end_ns: int
    error: Any


@dataclass(slots=True)
class Arrival:
    """A call that is due, as its user took it; monotonic ns."""

    call_id: int
    intended_ns: int
    taken_ns: int
    flags: int = 0
    calls: int = 0
    """Calls made so far in this task."""
    finals: int = 0
    """Calls of this task that have ended and are recorded."""
    streams: "WeakSet[Open] | None" = None
    """Streams of this task that somebody still holds."""
    tried: Tried | None = None
    """The attempt that came before its task, where the transport made one (`harness.worker.declared_calls`)."""

    def holds(self, stream: Open) -> None:
        """Note a stream that was opened."""
        if self.streams is None:
            self.streams = WeakSet()
        self.streams.add(stream)

    def end(self) -> None:
        """End with the task: a stream is part of its task, and is not read after it."""
        for stream in tuple(self.streams or ()):
            stream.leave()


@dataclass(slots=True)
class Attempt:
    """What is known of one attempt when it ends."""

    arrival: Arrival
    nth: int
    number: int
    method: str
    sent_ns: int
    end_ns: int = 0
    token: Token | None = None
    decision: Decision | None = None
    now_s: float = 0.0
    steps: int = 0
    messages: int = 0
    after_expiry: int | None = None
    """Messages of a stream that came, or of a client-stream that left, when its token had expired; else None."""
    requests: int = 0
    """Requests of a client-stream that the library took; 0 for any other call."""
    forged: bool = False
    """Whether a fault sent other credentials than the token."""
    expects: frozenset[int] = frozenset()
    """The statuses that are right answers, where a fault poisoned the call; else empty."""
    specimen: str = ""
    """What a poisoned call carried."""
    code: int = -1
    origin: Origin = Origin.NONE
    cause: Cause = Cause.OK
    details: str = ""
    failure_details: FailureDetails = NO_DETAILS
    """What came in the metadata of a failure that tells the cause."""

    def life_ms(self) -> int:
        """Return the token's life left at send, in ms; `NO_LIFE` without a token."""
        token = self.token
        if token is None:
            return NO_LIFE
        left_ms = (token.ends_s - self.now_s) * 1e3
        if NO_LIFE < left_ms < 2147483647:
            return int(left_ms)
        return 2**31 - 1 if left_ms > 0 else NO_LIFE + 1

    @property
    def notable(self) -> bool:
        """Whether the auth trace must tell of it: a failure, messages with a dead token, or a stream opened anew.

        Of poisoned calls it is the answers that are not right, and all where more than one thing is sent.
        """
        if self.expects:
            return bool(self.specimen) or self.code not in self.expects
        anew = self.after_expiry is not None and self.nth > 0
        return self.cause is not Cause.OK or bool(self.after_expiry) or anew

    @property
    def outlived(self) -> bool:
        """Whether it was a client-stream whose token died while it was open: it had been let in, and shows no reply."""
        return self.requests > 0 and self.sent_ns < self.dies_ns() <= self.end_ns

    def of_stream(self) -> dict[str, int]:
        """Return what the auth trace says of a stream alone; its end is ``latency_s`` after it was sent."""
        return {} if self.after_expiry is None else {"messages": self.messages, "after_expiry": self.after_expiry}

    def of_poison(self) -> dict[str, str]:
        """Return what the auth trace says of a poisoned call alone."""
        return {"poisoned_by": self.specimen} if self.expects else {}

    def dies_ns(self) -> float:
        """Return when its token expires by the client's clock, monotonic; infinite where it never does."""
        life_s = self.token.life_s(self.now_s) if self.token is not None else float("inf")
        return self.sent_ns + life_s * 1e9


class AttemptRecorder(Protocol):
    """Where attempts go."""

    def attempt(self, attempt: Attempt, *, final: bool) -> None:
        """Record an attempt that has ended."""


@dataclass
class Client:
    """One caller: its keeper, its settings, and the arrival at hand.

    ``zero_ns`` tells the monotonic time zero of the run, or 0 before it is known; ``parts`` how it treats its
    tokens (the right way, where it is left out).
    """

    keeper: Keeper
    tokens: Tokens
    faults: CallFaults
    recorder: AttemptRecorder
    deadline_s: float
    zero_ns: Callable[[], int]
    ended_ns: Callable[[], int] | None = None
    """Tells when the unary call that ended just now did so (monotonic), where the transport knows."""
    arrival: Arrival | None = None
    proven: Token | None = None
    """The last token with which a call of this caller succeeded."""
    parts: ClientParts = field(default=None)  # type: ignore[assignment] # set below
    further: Callable[[int], Metadata] = lambda _: ()
    """Makes what the target wants beside the token (`harness.endpoint.further`), by the call's number."""
    forge: Forge | None = None
    """What makes bad credentials for faults that send them."""
    late_streams: int = 0
    """Streams since zero that carried messages when their token had expired; they may still be open."""
    late_messages: int = 0
    """Those messages."""
    _text: str | None = None
    _metadata: Metadata = ()

    def __post_init__(self) -> None:
        if self.parts is None:
            self.parts = ClientParts.of(self.tokens)

    def now(self) -> float:
        """Return the wall clock that this caller sees, in seconds since the epoch."""
        return self.parts.clock(clock.wall())

    def begin(self) -> tuple[Arrival, int]:
        """Return the arrival that a call belongs to, and its place in the task.

        Later calls of a task, and calls outside one, have no plan: they are due when they are made. All
        beyond `MOST_NTH` have that place.
        """
        arrival = self.arrival
        if arrival is None:
            now_ns = clock.monotonic_ns()
            return Arrival(-1, now_ns, now_ns), 0
        arrival.calls += 1
        if arrival.calls == 1:
            return arrival, 0
        now_ns = clock.monotonic_ns()
        later = Arrival(arrival.call_id, now_ns, now_ns, arrival.flags & ~(Flag.PLANNED | Flag.BUSY))
        return later, min(arrival.calls - 1, MOST_NTH)

    def metadata(self, text: str) -> Metadata:
        """Return the metadata that carries a token; made once for each."""
        if text is not self._text:
            self._metadata = self.parts.metadata(text)
            self._text = text
        return self._metadata
