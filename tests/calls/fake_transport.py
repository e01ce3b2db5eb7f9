"""A transport of plain functions: no socket, no library call; and a caller over it."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc

from harness import clock
from harness.calls.channel import Arrival, Attempt, AuthChannel, Client
from harness.endpoint.metadata import Metadata
from harness.errors import TokenError
from harness.faults.per_call.dice import CallFaults
from harness.faults.timeline import Planned, number
from harness.results.failure_details import VERDICT_KEY
from harness.results.row import Cause, Flag
from harness.tokens.keeper import Keeper
from harness.tokens.refresh import Renewal, Tokens
from tests.tokens.craft import jwt_text

METHOD = "/jwtstorm.lab.v1.Ledger/GetBalance"
ONE_REPLY = ("unary_unary", "stream_unary")
MANY_REPLIES = ("unary_stream", "stream_stream")
KINDS = (*ONE_REPLY, *MANY_REPLIES)
BUFFERED = {"unary_unary": "ask", "unary_stream": "ask", "stream_unary": ["a", "b"], "stream_stream": ["a", "b"]}
UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED


class Failure(grpc.RpcError):
    """What a server answered instead of a message."""

    def __init__(
        self, code: grpc.StatusCode = UNAUTHENTICATED, details: str = "token expired", verdict: str | None = None
    ) -> None:
        super().__init__(details)
        self._said = (code, details, verdict)

    def code(self) -> grpc.StatusCode:
        return self._said[0]

    def details(self) -> str:
        return self._said[1]

    def trailing_metadata(self) -> Any:
        return ((VERDICT_KEY, self._said[2]),) if self._said[2] else ()


@dataclass
class Sent:
    """One attempt as the transport saw it."""

    request: Any
    timeout: float
    metadata: Metadata


class Stream:
    """Replies, then an end or a failure."""

    def __init__(self, replies: Sequence[Any]) -> None:
        self._replies = iter(replies)
        self.cancelled = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        reply = next(self._replies)
        if isinstance(reply, Exception):
            raise reply
        return reply

    def cancel(self) -> bool:
        self.cancelled = True
        return True

    def code(self) -> grpc.StatusCode:
        return grpc.StatusCode.CANCELLED if self.cancelled else grpc.StatusCode.OK

    def details(self) -> str | None:
        return None

    def initial_metadata(self) -> Any:
        return (("first", "1"),)

    def trailing_metadata(self) -> Any:
        return ((VERDICT_KEY, "ok"),)


class OneReply:
    """A multi-callable of one reply, with the library's two ways to call it."""

    def __init__(self, reply: Callable[..., Any]) -> None:
        self._reply = reply

    def __call__(self, request: Any, **options: Any) -> Any:
        return self._reply(request, **options)

    def with_call(self, request: Any, **options: Any) -> Any:
        return self._reply(request, **options), "call"


class Transport:
    """Gives scripted answers, one per attempt; the last is given again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Sent] = []
        self.streams: list[Stream] = []
        self.opened: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def unary_unary(self, method: str, *codec: Any, **options: Any) -> Callable[..., Any]:
        self.opened.append((method, codec, options))
        return OneReply(self._reply)

    stream_unary = unary_unary

    def unary_stream(self, method: str, *codec: Any, **options: Any) -> Callable[..., Any]:
        self.opened.append((method, codec, options))
        return self._stream

    stream_stream = unary_stream

    def _next(self, request: Any, timeout: float, metadata: Metadata) -> Any:
        read = list(request) if isinstance(request, Iterator) else request
        self.sent.append(Sent(read, timeout, metadata))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def _reply(self, request: Any, *, timeout: float, metadata: Metadata) -> Any:
        answer = self._next(request, timeout, metadata)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _stream(self, request: Any, *, timeout: float, metadata: Metadata) -> Stream:
        answer = self._next(request, timeout, metadata)
        self.streams.append(Stream(answer if isinstance(answer, list) else [answer]))
        return self.streams[-1]


class Source:
    """A new token at each fetch, or an error."""

    def __init__(self, error: TokenError | None = None) -> None:
        self.texts: list[str] = []
        self.error = error

    def fetch(self) -> str:
        if self.error is not None:
            raise self.error
        self.texts.append(jwt_text({"exp": clock.wall() + 1_000}, len(self.texts)))
        return self.texts[-1]


@dataclass
class Bench:
    """A client whose rows are kept in a list."""

    transport: Transport
    tokens: Tokens = field(default_factory=Tokens)
    planned: Sequence[Planned] = ()
    source: Source = field(default_factory=Source)
    rows: list[tuple[Attempt, bool]] = field(default_factory=list)
    zero_ns: int = field(default_factory=clock.monotonic_ns)
    deadline_s: float = 60.0

    def __post_init__(self) -> None:
        renewal = Renewal(self.tokens, random.Random(7))
        keeper = Keeper(renewal, self.source, lambda *_: None, lambda function, *with_these: function(*with_these))
        faults = CallFaults(number(self.planned), seed=7)
        self.client = Client(keeper, self.tokens, faults, self, self.deadline_s, lambda: self.zero_ns)
        self.channel = AuthChannel(self.transport, self.client)

    def attempt(self, attempt: Attempt, *, final: bool) -> None:
        self.rows.append((attempt, final))

    def arrive(self, at_s: float = 0.0, call_id: int = 42) -> Arrival:
        """Give the client an arrival that was due ``at_s`` seconds from zero."""
        due_ns = self.zero_ns + round(at_s * 1e9)
        self.client.arrival = Arrival(call_id, due_ns, due_ns, Flag.PLANNED)
        return self.client.arrival

    def call(self, kind: str = "unary_unary", request: Any = None, **options: Any) -> Any:
        """Call to the end; a stream's replies come as a list."""
        method = getattr(self.channel, kind)(METHOD)
        reply = method(BUFFERED[kind] if request is None else request, **options)
        return list(reply) if kind in MANY_REPLIES else reply

    def finals(self) -> list[bool]:
        return [final for _, final in self.rows]

    def causes(self) -> list[Cause]:
        return [attempt.cause for attempt, _ in self.rows]
