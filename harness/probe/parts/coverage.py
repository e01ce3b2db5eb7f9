"""Coverage: every method of every service, called without valid credentials, to see which handlers run naked.

Streams of requests are called with a first message and without one. What an answer proves is said by
`harness.probe.parts.evidence`; where a status alone says nothing, the same message is sent with a good token, but only
to methods that read, by their name, or that the user gave a message for. Where the user names a method that reads a
side effect back, that is asked with a good token after each call that could have made it.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from harness.clock import monotonic, wall
from harness.defects.bench import Answer, Metadata, Shape
from harness.endpoint.methods import Method
from harness.errors import TokenError, UsageError
from harness.probe.parts import part
from harness.probe.parts.evidence import Circumstances, Weighed, settled, weigh
from harness.probe.parts.session import ProbeSession
from harness.probe.result import COVERAGE, Finding, Outcome, Piece
from harness.probe.target.asker import origin_of
from harness.probe.target.credentials import Credential, bad_credentials
from harness.probe.target.line import ProbePace, open_line
from harness.probe.target.openness import HEALTH, INFRASTRUCTURE, Openness
from harness.probe.target.proof import SideEffectProof, good_metadata
from harness.probe.target.refusals import REJECTED, Refusals

NOWHERE = "JwtstormAsksForAMethodThatDoesNotExist"
_ROWS = {"unary": "WIRE-01", "server-stream": "WIRE-02", "client-stream": "WIRE-03", "bidi": "WIRE-03"}
_SOURCES = {
    "WIRE-01": "the methods, from their descriptors",
    "WIRE-02": "Dapr issue 5929; Milvus issue 52387",
    "WIRE-03": "Dapr issue 5929; Milvus issue 52387",
    "WIRE-04": "the usual sample of an interceptor waits for a stream's first message",
    "WIRE-05": "gRPC servers look methods up after their interceptors",
    "WIRE-06": "grpc/grpc doc/health-checking.md",
    "WIRE-07": "reflection tells strangers every method and message",
    "WIRE-09": "a side effect that is read back with a good token",
}


class MethodCaller(Protocol):
    """A channel that carries bytes."""

    async def call(
        self, shape: Shape, method: str, metadata: Metadata, request: bytes, within_s: float, *, patient: bool = True
    ) -> Answer:
        """Make one call and return how it ended."""


Request = Callable[[Method, str], bytes]
"""Makes the message of a call from the method and a nonce."""


@dataclass(frozen=True)
class CoveragePlan:
    """What is to be covered, and how.

    ``requests`` makes the messages, ``makes_effect`` says of which methods a side effect is read back;
    ``listed`` is whether the server's own reflection named the methods. ``refusals`` is how the target is known to turn
    callers away; ``good`` makes the metadata of a good call, where there is a token, and ``with_good`` says which
    methods may be called with it.
    """

    methods: Sequence[Method]
    credentials: Sequence[Credential]
    requests: Request
    openness: Openness = field(default_factory=Openness)
    listed: bool = True
    proof: SideEffectProof | None = None
    makes_effect: frozenset[str] = frozenset()
    refusals: Refusals = field(default_factory=Refusals)
    good: Callable[[], Metadata] | None = None
    with_good: Callable[[Method], bool] = lambda _: False
    within_s: float = 3.0


Pause = Callable[[], Awaitable[None]]


class Coverage:
    """The questions of one plan, asked over one channel; findings come as they are made."""

    def __init__(self, plan: CoveragePlan, caller: MethodCaller, pause: Pause) -> None:
        self._plan, self._caller, self._pause = plan, caller, pause
        self._unknown: dict[str, Answer] = {}
        self._controls: dict[tuple[str, bool], Answer] = {}
        self._blind = ""

    @property
    def questions(self) -> int:
        """Return how many methods and doors there are to ask."""
        return len(self._covered()) + len(INFRASTRUCTURE)

    async def ask(self) -> AsyncIterator[Finding]:
        """Yield what each call shows: the methods first, health and reflection last."""
        if self._plan.proof is not None:
            self._blind = await self._blindness(self._plan.proof)
        for method in self._covered():
            if obstacle := self._obstacle(method):
                yield Finding(COVERAGE, _name(method), Outcome.NOT_CHECKED, text=obstacle, method=method.path)
                continue
            async for finding in self._method(method):
                yield finding
        if self._unknown:
            yield self._listing()
        for service in INFRASTRUCTURE:
            yield await self._door(service)
        if self._blind:
            yield Finding(COVERAGE, "side effects", Outcome.NOT_CHECKED, text=self._blind)

    def _covered(self) -> list[Method]:
        return [method for method in self._plan.methods if method.service not in INFRASTRUCTURE]

    def _obstacle(self, method: Method) -> str:
        """Return why a method is not called, or nothing."""
        if self._plan.openness.skips(method.path):
            return "left out with --skip"
        try:
            self._plan.requests(method, "try")
        except UsageError as error:
            return str(error)
        return ""

    async def _method(self, method: Method) -> AsyncIterator[Finding]:
        if method.service not in self._unknown:
            self._unknown[method.service] = await self._nowhere(method.service)
        bare: dict[bool, Outcome] = {}
        for credential in self._plan.credentials:
            for silent in (False, True) if method.takes_many else (False,):
                if bare.get(silent) is Outcome.NOT_CHECKED:
                    continue  # what is answered before any check is answered to all
                if silent and bare.get(True, Outcome.PASSED) is not Outcome.PASSED:
                    continue  # it was not told without any credentials; waiting again would tell no more
                answer = await self._call(method, credential, silent=silent)
                around = await self._around(method, answer, silent=silent)
                around = replace(around, bare_refused=bare.get(silent) is Outcome.PASSED)
                finding = self._finding(method, credential, answer, around, silent=silent)
                yield _let_in(finding, credential) if bare.get(silent, finding.outcome) is Outcome.PASSED else finding
                bare.setdefault(silent, finding.outcome)

    async def _around(self, method: Method, answer: Answer, *, silent: bool) -> Circumstances:
        """Return what an answer is weighed by: with its control, where it means nothing without."""
        plan = self._plan
        public = plan.openness.is_public(method.path)
        around = Circumstances(plan.listed, self._unknown[method.service], public, plan.refusals)
        if settled(answer, around) is not None or plan.good is None:
            return around
        if not plan.with_good(method):
            return replace(
                around, wanted=f"Give its message: --data {_name(method)}='{{…}}'; a good token tries it then"
            )
        key = method.path, silent
        if key not in self._controls:
            good = Credential("a good token", plan.good())
            self._controls[key] = await self._call(method, good, silent=silent)
        return replace(around, control=self._controls[key])

    async def _nowhere(self, service: str) -> Answer:
        await self._pause()
        return await self._caller.call(Shape("unary", ""), f"/{service}/{NOWHERE}", (), b"", self._plan.within_s)

    async def _call(self, method: Method, credential: Credential, *, silent: bool) -> Answer:
        await self._pause()
        many_replies = method.kind in {"server-stream", "bidi"}
        shape = Shape(method.kind, method.path, method.takes_many, many_replies, silent)
        nonce, started_s = f"jwtstorm-{secrets.token_hex(8)}", monotonic()
        request = self._plan.requests(method, nonce)
        answer = await self._caller.call(shape, method.path, credential.metadata, request, self._plan.within_s)
        answer = replace(answer, took_s=monotonic() - started_s)
        proof = self._plan.proof
        if proof is None or self._blind or silent or method.path not in self._plan.makes_effect:
            return answer
        return replace(answer, carried_out=(await self._read_back(proof, nonce)).code == "OK")

    async def _read_back(self, proof: SideEffectProof, nonce: str) -> Answer:
        await self._pause()
        shape = Shape("unary", proof.method.path)
        request = proof.request(nonce)
        return await self._caller.call(shape, proof.method.path, proof.metadata(), request, self._plan.within_s)

    async def _blindness(self, proof: SideEffectProof) -> str:
        """Return why reading back would prove nothing, or nothing: it must deny what nobody did."""
        answer = await self._read_back(proof, f"jwtstorm-{secrets.token_hex(8)}")
        if answer.code == "OK":
            return f"{_name(proof.method)} finds what nobody did, so it proves nothing; name another in --proof"
        if answer.code in {REJECTED, "PERMISSION_DENIED", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNIMPLEMENTED"}:
            return f"{_name(proof.method)} ended {answer.code} with a good token, so no side effect can be read back"
        return ""

    def _finding(
        self, method: Method, credential: Credential, answer: Answer, around: Circumstances, *, silent: bool
    ) -> Finding:
        public = around.public
        weighed = weigh(answer, around)
        row = "WIRE-09" if answer.carried_out and answer.code != "OK" else _ROWS[method.kind]
        if silent and weighed.outcome is Outcome.PASSED and not public and not answer.in_silence:
            text = "turned away only once the client had closed its side: a client that waits for an answer hangs"
            weighed = Weighed(Outcome.PROBLEM, text, "Reject before the first message is awaited")
        if silent and weighed.outcome is Outcome.PROBLEM:
            row = "WIRE-04"
        variant = f"{credential.name}, no first message" if silent else credential.name
        expected = "public" if public else REJECTED
        return _found(_name(method), weighed, answer, row, expected, variant=variant, method=method.path)

    def _listing(self) -> Finding:
        subject = "methods that can be guessed"
        told = {
            service: answer
            for service, answer in self._unknown.items()
            if answer.code == "UNIMPLEMENTED" and not self._plan.openness.is_public(f"/{service}/")
        }
        if not told:
            return _found(subject, Weighed(Outcome.PASSED), next(iter(self._unknown.values())), "WIRE-05", REJECTED)
        text = f"a method that does not exist is told from one that does, without a token, in {', '.join(told)}"
        weighed = Weighed(Outcome.PROBLEM, text, "Check before the method is looked up, where your framework can")
        return _found(subject, weighed, next(iter(told.values())), "WIRE-05", REJECTED)

    async def _door(self, service: str) -> Finding:
        await self._pause()
        if service == HEALTH:
            shape, path = Shape("unary", ""), f"/{HEALTH}/Check"
        else:
            shape, path = Shape("bidi", "", many_requests=True, many_responses=True), f"/{service}/ServerReflectionInfo"
        listing = b"" if service == HEALTH else b"\x3a\x00"  # list_services, with an empty text
        started_s = monotonic()
        answer = await self._caller.call(shape, path, (), listing, self._plan.within_s)
        answer = replace(answer, took_s=monotonic() - started_s)
        public = self._plan.openness.is_public(path)
        around = Circumstances(public=public, refusals=self._plan.refusals)
        weighed = _health(answer, around) if service == HEALTH else _reflection(answer, around)
        row = "WIRE-06" if service == HEALTH else "WIRE-07"
        expected = "public" if public else "OK" if service == HEALTH else REJECTED
        return _found(path.lstrip("/"), weighed, answer, row, expected, variant="no token", method=path)


def _found(
    subject: str, weighed: Weighed, answer: Answer, row: str, expected: str, *, variant: str = "", method: str = ""
) -> Finding:
    origin, cause = origin_of(answer)
    return Finding(
        COVERAGE,
        subject,
        weighed.outcome,
        expected=expected,
        seen=answer.code,
        origin=origin,
        cause=cause,
        latency_s=answer.took_s,
        text=weighed.text,
        way_out=weighed.way_out,
        row=row,
        variant=variant,
        method=method,
        source=_SOURCES[row],
    )


def _let_in(finding: Finding, credential: Credential) -> Finding:
    """Return what it means that a bad token opens a method which is shut without one: there is a check, and it errs."""
    if finding.outcome is not Outcome.NAKED:
        return finding
    text = f"shut without a token, and open with one that is no good ({credential.name}): {finding.text}"
    way_out = "See what the verdicts part says of the verifier; this method's check, or all of them, let it through"
    return replace(finding, outcome=Outcome.FALSE_ACCEPT, text=text, way_out=way_out)


def _health(answer: Answer, around: Circumstances) -> Weighed:
    if answer.code == "UNIMPLEMENTED":
        return Weighed(Outcome.PASSED, "the server serves no health")
    refused = answer.code == "PERMISSION_DENIED" or around.refusals.includes(answer)
    if around.public or not (refused or answer.code in {"OK", "NOT_FOUND"}):
        return weigh(answer, around)
    if not refused:
        return Weighed(Outcome.ALLOWED, f"open, as probes need it; --public {HEALTH} makes it a rule")
    return Weighed(Outcome.ALLOWED, f"wants a token, which orchestrators do not send; --public {HEALTH} forbids that")


def _reflection(answer: Answer, around: Circumstances) -> Weighed:
    if answer.code == "UNIMPLEMENTED":
        return Weighed(Outcome.PASSED, "the server does not serve this protocol")
    if around.public or answer.code != "OK":
        return weigh(answer, around)
    way_out = "Let the check cover it, leave it out in production, or declare it with --public"
    return Weighed(Outcome.PROBLEM, "strangers can list every method and message", way_out)


def _name(method: Method) -> str:
    return method.path.lstrip("/")


@part(COVERAGE, 10)
async def ask(probe: ProbeSession) -> AsyncIterator[Piece]:
    """Call every method without a token and with bad ones, to see which handlers run."""
    setup = probe.setup
    try:
        credentials = tuple(bad_credentials(setup.carrier, setup.minter, wall()))
    except TokenError as error:
        yield Finding(COVERAGE, "bad tokens made of good ones", Outcome.NOT_CHECKED, text=str(error))
        credentials = tuple(bad_credentials(setup.carrier, None, wall()))
    replicas = await probe.ready()
    plan = CoveragePlan(
        setup.methods,
        credentials,
        setup.messages.make,
        setup.openness,
        setup.listed,
        setup.proof,
        setup.messages.with_nonce() if setup.proof else frozenset(),
        probe.refusals,
        good_metadata(setup.carrier, setup.minter, replicas[0].now) if setup.minter and replicas else None,
        lambda method: method.reads or setup.messages.given(method.path),
    )
    for address in setup.endpoint.addresses:
        line = open_line(setup.endpoint, address)
        try:
            async for finding in Coverage(plan, line, ProbePace(setup.options.per_s).pause).ask():
                yield replace(finding, replica=address if setup.several else "")
        finally:
            await line.close()
