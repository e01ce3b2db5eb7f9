"""The channel over a transport of plain functions: no socket, no library call."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

import grpc
import pytest

from harness import clock
from harness.auth.channel import Arrival, Attempt, AuthChannel, Client, NoToken
from harness.auth.classify import VERDICT_KEY
from harness.auth.keeper import Keeper
from harness.auth.refresh import Decision, Renewal, Tokens
from harness.auth.token import Token
from harness.calls import NO_LIFE, Cause, Flag, Origin
from harness.errors import TokenError
from harness.faults import FAULTS, CallView, Fault, Metadata
from harness.timeline import CallFaults, Planned, at, number
from tests.auth.craft import jwt_text

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

    def cancel(self) -> None:
        self.cancelled = True


class Transport:
    """Gives scripted answers, one per attempt; the last is given again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.sent: list[Sent] = []
        self.streams: list[Stream] = []
        self.opened: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def unary_unary(self, method: str, *codec: Any, **options: Any) -> Callable[..., Any]:
        self.opened.append((method, codec, options))
        return self._reply

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
        keeper = Keeper(renewal, self.source, lambda *_: None, lambda *_: None)
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


def good(kind: str) -> Any:
    return "reply" if kind in ONE_REPLY else ["one", "two"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_carries_the_token_beside_its_own_metadata(kind: str) -> None:
    bench = Bench(Transport(good(kind)))
    assert bench.call(kind, metadata=[("trace", "1")]) == good(kind)
    (sent,) = bench.transport.sent
    assert sent.metadata == (("trace", "1"), ("authorization", f"Bearer {bench.source.texts[0]}"))


@pytest.mark.parametrize(
    ("key", "scheme", "wanted"),
    [("authorization", "bearer", "bearer {}"), ("x-token", "", "{}"), ("cookie", "session", "session {}")],
)
def test_key_and_scheme_of_the_metadata_entry_are_settings(key: str, scheme: str, wanted: str) -> None:
    bench = Bench(Transport("reply"), Tokens(key=key, scheme=scheme))
    bench.call()
    assert bench.transport.sent[0].metadata == ((key, wanted.format(bench.source.texts[0])),)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_call_leaves_one_final_row(kind: str) -> None:
    bench = Bench(Transport(good(kind)))
    arrival = bench.arrive()
    bench.call(kind)
    ((row, final),) = bench.rows
    assert final
    assert (row.arrival, row.nth, row.number, row.method, row.code) == (arrival, 0, 0, METHOD, 0)
    assert (row.origin, row.cause, row.decision) == (Origin.NONE, Cause.OK, Decision.FETCH)
    assert row.messages == (1 if kind in ONE_REPLY else 2)
    assert arrival.taken_ns <= row.sent_ns <= row.end_ns
    assert 0 < row.life_ms() <= 1_000_000


@pytest.mark.parametrize("kind", KINDS)
def test_after_unauthenticated_a_call_is_sent_once_more_with_a_new_token(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure(), good(kind)))
    assert bench.call(kind) == good(kind)
    first, second = bench.transport.sent
    assert first.request == second.request == BUFFERED[kind]
    assert [sent.metadata[-1][1] for sent in (first, second)] == [f"Bearer {text}" for text in bench.source.texts]
    assert bench.finals() == [False, True]
    assert bench.causes() == [Cause.EXPIRED, Cause.OK]
    assert [attempt.number for attempt, _ in bench.rows] == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_is_sent_twice_at_most(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()))
    with pytest.raises(Failure):
        bench.call(kind)
    assert len(bench.transport.sent) == 2
    assert bench.finals() == [False, True]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "code", [code for code in grpc.StatusCode if code not in (grpc.StatusCode.OK, UNAUTHENTICATED)]
)
def test_no_other_status_is_sent_again(kind: str, code: grpc.StatusCode) -> None:
    failure = Failure(code, "no")
    bench = Bench(Transport([failure] if kind in MANY_REPLIES else failure))
    with pytest.raises(Failure):
        bench.call(kind)
    assert bench.finals() == [True]
    assert bench.rows[0][0].code == code.value[0]


@pytest.mark.parametrize("kind", KINDS)
def test_without_retry_once_a_call_is_sent_once(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call(kind)
    assert bench.finals() == [True]


@pytest.mark.parametrize("kind", ["stream_unary", "stream_stream"])
def test_an_iterator_of_requests_cannot_be_sent_again(kind: str) -> None:
    bench = Bench(Transport([Failure()] if kind in MANY_REPLIES else Failure()))
    with pytest.raises(Failure):
        bench.call(kind, iter(["a", "b"]))
    assert bench.transport.sent[0].request == ["a", "b"]
    assert bench.finals() == [True]


@pytest.mark.parametrize("kind", MANY_REPLIES)
def test_a_stream_that_gave_a_message_is_not_sent_again(kind: str) -> None:
    bench = Bench(Transport(["one", Failure()]))
    replies = getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert next(replies) == "one"
    with pytest.raises(Failure):
        next(replies)
    ((row, final),) = bench.rows
    assert (final, row.messages, row.cause) == (True, 1, Cause.EXPIRED)


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_was_rejected_is_not_sent_again_even_where_the_call_is_not(kind: str) -> None:
    answers = [[Failure()], good(kind)] if kind in MANY_REPLIES else [Failure(), good(kind)]
    bench = Bench(Transport(*answers), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call(kind)
    bench.call(kind)
    assert len(bench.source.texts) == 2


@pytest.mark.parametrize("kind", MANY_REPLIES)
def test_leaving_a_stream_cancels_it_and_is_no_failure(kind: str) -> None:
    bench = Bench(Transport(["one", "two", "three"]))
    replies = getattr(bench.channel, kind)(METHOD)(BUFFERED[kind])
    assert next(replies) == "one"
    replies.close()
    assert bench.transport.streams[0].cancelled
    ((row, final),) = bench.rows
    assert (final, row.messages, row.cause) == (True, 1, Cause.OK)
    assert row.code == grpc.StatusCode.CANCELLED.value[0]


def test_the_servers_verdict_in_the_trailer_decides_the_cause() -> None:
    bench = Bench(Transport(Failure(details="no", verdict="revoked")), Tokens(retry_once=False))
    with pytest.raises(Failure):
        bench.call()
    ((row, _),) = bench.rows
    assert (row.origin, row.cause, row.details) == (Origin.VERIFIER, Cause.REVOKED, "no")


def test_a_failure_without_trailers_or_details_is_still_a_row() -> None:
    class Bare(grpc.RpcError):
        def code(self) -> grpc.StatusCode:
            return grpc.StatusCode.UNAVAILABLE

        def details(self) -> None:
            return None

    bench = Bench(Transport(Bare()))
    with pytest.raises(Bare):
        bench.call()
    assert bench.causes() == [Cause.UNAVAILABLE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_without_a_token_is_not_sent_and_leaves_a_final_row(kind: str) -> None:
    error = TokenError("the issuer answered 503", "UNAVAILABLE", 503)
    bench = Bench(Transport(good(kind)), source=Source(error))
    with pytest.raises(NoToken) as caught:
        bench.call(kind)
    assert caught.value.code() is UNAUTHENTICATED
    assert caught.value.details() == "the issuer answered 503"
    assert bench.transport.sent == []
    ((row, final),) = bench.rows
    assert (final, row.code, row.origin, row.cause) == (True, -1, Origin.TOKEN_SOURCE, Cause.UNAVAILABLE)
    assert row.life_ms() == NO_LIFE


def test_a_renewal_that_fails_after_a_rejection_ends_the_call_with_its_second_row() -> None:
    bench = Bench(Transport(Failure()))
    bench.transport._next = _then_down(bench)  # type: ignore[method-assign]
    with pytest.raises(NoToken):
        bench.call()
    assert bench.finals() == [False, True]
    assert bench.causes() == [Cause.EXPIRED, Cause.UNREACHABLE]


def _then_down(bench: Bench) -> Callable[..., Any]:
    def answer(*_: Any, **__: Any) -> Failure:
        bench.source.error = TokenError("down", "UNREACHABLE")
        return Failure()

    return answer


def test_the_time_out_is_what_is_left_of_the_deadline() -> None:
    bench = Bench(Transport(Failure(), "reply"))
    bench.call(timeout=5.0)
    first, second = (sent.timeout for sent in bench.transport.sent)
    assert 0 < second <= first <= 5.0


def test_a_call_without_a_time_out_has_the_scenarios_deadline() -> None:
    bench = Bench(Transport("reply"), deadline_s=0.0)
    bench.call()
    assert bench.transport.sent[0].timeout == 0.001


def test_a_second_call_of_a_task_has_no_plan() -> None:
    bench = Bench(Transport("reply"))
    first = bench.arrive(at_s=-3_600)
    bench.call()
    bench.call()
    (one, _), (two, _) = bench.rows
    assert one.arrival is first
    assert (two.arrival.call_id, two.nth) == (first.call_id, 1)
    assert two.arrival.flags & (Flag.PLANNED | Flag.BUSY) == 0
    assert two.arrival.intended_ns == two.arrival.taken_ns > first.intended_ns


def test_a_call_outside_any_task_is_due_when_it_is_made() -> None:
    bench = Bench(Transport("reply"))
    before_ns = clock.monotonic_ns()
    bench.call()
    ((row, _),) = bench.rows
    assert row.arrival.call_id == -1
    assert before_ns <= row.arrival.intended_ns <= row.sent_ns


def test_the_life_left_fits_the_row_however_long_it_is() -> None:
    row = Attempt(Arrival(1, 0, 0), 0, 0, METHOD, 0)
    assert row.life_ms() == NO_LIFE
    for exp, wanted in ((None, 2**31 - 1), (1e300, 2**31 - 1), (-1e300, NO_LIFE + 1), (2.5, 2_500)):
        token = Token.parse(jwt_text({"exp": exp}), 0.0)
        assert replace(row, token=token).life_ms() == wanted


@dataclass(frozen=True)
class Meddler:
    """A per-call fault that uses every seam; it joins no registry."""

    seat: ClassVar[Literal["environment", "call"]] = "call"
    instant: ClassVar[bool] = False
    held: list[CallView] = field(default_factory=list)
    ahead_s: float = 0.0
    hold_s: float = 0.0

    def name(self) -> str:
        return "meddler"

    def on_call(self, call: CallView, delay_s: float) -> float:
        self.held.append(call)
        return delay_s + self.hold_s

    def on_clock(self, now_s: float, since_s: float) -> float:
        assert since_s >= 0
        return now_s + self.ahead_s

    def on_metadata(self, metadata: Metadata) -> Metadata:
        return tuple((key, value) for key, value in metadata if key != "authorization")

    def on_refresh(self, decision: str, *, before: bool) -> str:
        return decision


def meddle(
    at_s: float, until_s: float, toxicity: float = 1.0, ahead_s: float = 0.0, hold_s: float = 0.0
) -> tuple[Meddler, Planned]:
    fault = Meddler(ahead_s=ahead_s, hold_s=hold_s)
    return fault, Planned(at_s, _as_fault(fault), until_s, toxicity)


def _as_fault(fault: Any) -> Fault:
    found: Fault = fault
    return found


def test_each_per_call_step_that_changes_a_call_sets_its_bit() -> None:
    # The second finds no token left to take away; it holds the call back by a microsecond instead.
    (first, one), (second, two), (_, three) = meddle(0, 10), meddle(5, 15, hold_s=1e-6), meddle(20, 30)
    bench = Bench(Transport("reply"), planned=[one, two, three])
    for at_s in (-1.0, 1.0, 7.0, 12.0, 17.0):
        bench.arrive(at_s)
        bench.call()
    assert [row.steps for row, _ in bench.rows] == [0b00, 0b01, 0b11, 0b10, 0b00]
    assert [view.at_s for view in first.held] == pytest.approx([1.0, 7.0])
    assert [view.at_s for view in second.held] == pytest.approx([7.0, 12.0])


def test_a_step_changes_the_metadata_of_the_calls_that_it_touches() -> None:
    _, plan = meddle(0, 10)
    bench = Bench(Transport("reply"), planned=[plan])
    for at_s in (5.0, 11.0):
        bench.arrive(at_s)
        bench.call()
    assert [len(sent.metadata) for sent in bench.transport.sent] == [0, 1]


def test_a_step_moves_the_clock_of_the_client_for_the_calls_that_it_touches() -> None:
    _, plan = meddle(0, 10, ahead_s=600.0)
    bench = Bench(Transport("reply"), planned=[plan])
    bench.arrive(-1.0)
    bench.call()
    bench.arrive(5.0)
    bench.call()
    (before, _), (after, _) = bench.rows
    assert 590_000 < before.life_ms() - after.life_ms() < 610_000


def test_a_step_with_half_the_toxicity_touches_the_same_calls_whoever_makes_them() -> None:
    touched = []
    for order in (range(100), reversed(range(100))):
        _, plan = meddle(0, 10, toxicity=0.5)
        bench = Bench(Transport("reply"), planned=[plan])
        for call_id in order:
            bench.arrive(5.0, call_id)
            bench.call()
        touched.append({row.arrival.call_id for row, _ in bench.rows if row.steps})
    assert touched[0] == touched[1]
    assert 30 < len(touched[0]) < 70


def test_a_forced_refresh_renews_once_what_was_fetched_before_it() -> None:
    force = FAULTS["force_refresh"]()
    bench = Bench(Transport("reply"), planned=[at(0, force)])
    bench.arrive(-1.0)
    bench.call()
    bench.zero_ns = clock.monotonic_ns()
    for _ in range(3):
        bench.arrive(1.0)
        bench.call()
    assert [row.decision for row, _ in bench.rows] == [Decision.FETCH, Decision.FETCH, Decision.USE, Decision.USE]


def test_the_codec_of_a_stub_reaches_the_transport() -> None:
    transport = Transport("reply")
    channel = Bench(transport).channel
    for kind in KINDS:
        getattr(channel, kind)(METHOD, str.encode, bytes.decode, _registered_method=True)
    assert transport.opened == [(METHOD, (str.encode, bytes.decode), {"_registered_method": True})] * 4


def test_a_future_is_refused_with_the_way_out() -> None:
    with pytest.raises(NotImplementedError, match="call the method itself"):
        Bench(Transport("reply")).channel.unary_unary(METHOD).future("ask")
