"""The parts of a probe as tasks: coverage of every method, then what one good call tells of each replica's verifier."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from harness.clock import wall
from harness.endpoint import Endpoint
from harness.endpoint.safety import is_elsewhere
from harness.errors import TokenError, UsageError
from harness.probe.conduct import Piece, Task
from harness.probe.options import messages_of, parts_of, policies_of, rows_of
from harness.probe.parts.clock_findings import clock_findings
from harness.probe.parts.coverage import Coverage, CoveragePlan, SideEffectProof
from harness.probe.parts.doors import good_metadata, knocks
from harness.probe.replica import Questions, Replica
from harness.probe.result import ClockEstimate, Finding, Outcome, Part
from harness.probe.setup import Setup
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.line import ProbePace, open_line
from harness.probe.target.messages import Messages
from harness.probe.target.minter import Minter
from harness.probe.target.subject import choose

NO_TOKEN = "it needs a good token; give --token-file, --token-url or --signing-key"  # noqa: S105 - a sentence


class ProbeTasks:
    """All parts of one probe; connections stay open from part to part, until ``stack`` ends."""

    def __init__(self, setup: Setup, stack: AsyncExitStack) -> None:
        self._setup, self._stack = setup, stack
        self._wanted = parts_of(setup.options.only)
        self._proof = _proof(setup)
        self._replicas: list[Replica] | None = None
        self._why = ""

    def tasks(self) -> Iterator[Task]:
        """Yield the tasks that are wanted, in their order: by the clock the later ones date their tokens."""
        if Part.COVERAGE in self._wanted:
            yield Task(Part.COVERAGE, self._coverage)
        if Part.CLOCK in self._wanted:
            yield Task(Part.CLOCK, self._clock)
        if self._wanted & {Part.VERDICTS, Part.KEYS}:
            yield Task(Part.VERDICTS, self._verdicts)
        if Part.LIMITS in self._wanted:
            yield Task(Part.LIMITS, self._limits)

    async def _coverage(self) -> AsyncIterator[Piece]:
        setup, minter = self._setup, self._setup.minter
        try:
            credentials = tuple(knocks(setup.carrier, minter, wall()))
        except TokenError as error:
            yield Finding(Part.COVERAGE, "bad tokens made of good ones", Outcome.NOT_CHECKED, text=str(error))
            credentials = tuple(knocks(setup.carrier, None, wall()))
        effects = setup.messages.with_nonce() if self._proof else frozenset()
        plan = CoveragePlan(
            setup.methods, credentials, setup.messages.make, setup.openness, setup.listed, self._proof, effects
        )
        for address in setup.endpoint.addresses:
            line = open_line(setup.endpoint, address)
            try:
                async for finding in Coverage(plan, line, ProbePace(setup.options.per_s).pause).ask():
                    yield replace(finding, replica=address if setup.several else "")
            finally:
                await line.close()

    async def _clock(self) -> AsyncIterator[Piece]:
        clocks: list[ClockEstimate] = []
        for replica in await self.ready():
            clocks.append(await replica.measure_clock())
            yield clocks[-1]
        if self._why:
            yield Finding(Part.CLOCK, "offset and leeway", self._unready(), text=self._why)
        for finding in clock_findings(clocks, self._setup.options.leeway):
            yield finding

    async def _verdicts(self) -> AsyncIterator[Piece]:
        async for finding in self._of_each(Part.VERDICTS):
            yield finding

    async def _limits(self) -> AsyncIterator[Piece]:
        async for finding in self._of_each(Part.LIMITS):
            yield finding

    async def _of_each(self, part: Part) -> AsyncIterator[Finding]:
        replicas = await self.ready()
        if self._why:
            yield Finding(part, "the whole part", self._unready(), text=self._why)
        for replica in replicas:
            async for finding in replica.verdicts() if part is Part.VERDICTS else replica.limits():
                if finding.part in self._wanted:
                    yield replace(finding, replica=replica.address if self._setup.several else "")

    def _unready(self) -> Outcome:
        return Outcome.NOT_CHECKED if self._setup.minter is None else Outcome.VOID

    async def ready(self) -> list[Replica]:
        """Return the replicas, opened, with a call that succeeds; none where there is no such call, with the reason."""
        if self._replicas is None:
            self._replicas = []
            minter = self._setup.minter
            if minter is None:
                self._why = NO_TOKEN
            else:
                await self._open(minter)
        return self._replicas or []

    async def _open(self, minter: Minter) -> None:
        setup = self._setup
        addresses = setup.endpoint.addresses

        def asker(subject: Subject) -> Asker:
            return Asker(setup.endpoint, addresses[0], subject, setup.carrier)

        subject = None
        # The second is good on clocks that are far off, where the verifier bounds no lifetime.
        for token in (lambda: minter.good(wall()).token(), lambda: minter.lasting(wall())):
            subject, why = await choose(
                asker, setup.methods, setup.messages, setup.openness, token, setup.options.method
            )
            self._why = why and (self._why or why)
            if subject is not None:
                break
        if subject is None:
            return
        questions = Questions(
            setup.endpoint,
            subject,
            minter,
            streaming=_streaming(setup),
            carrier=setup.carrier,
            leeway_s=setup.options.leeway,
            declared=policies_of(setup.options.declare),
            named=rows_of(setup.options.row),
            loopback=_on_loopback(setup.endpoint),
            before=setup.before,
        )
        self._replicas = [
            await self._stack.enter_async_context(Replica.opened(questions, address)) for address in addresses
        ]


def _streaming(setup: Setup) -> Subject | None:
    """Return the bidi method that the user gave a message for: without one no stream is opened with a good token."""
    for method in setup.methods:
        if method.kind == "bidi" and setup.messages.given(method.path):
            return Subject(method.path, method.kind, setup.messages.make(method, "jwtstorm-stream"))
    return None


def _proof(setup: Setup) -> SideEffectProof | None:
    given = messages_of("--proof", [setup.options.proof] if setup.options.proof else [])
    if not given:
        return None
    if setup.minter is None:
        raise UsageError("--proof reads back with a good token; give --token-file, --token-url or --signing-key")
    messages, (name,) = Messages(setup.methods, given), given
    method = setup.methods.find(name)
    metadata = good_metadata(setup.carrier, setup.minter, wall)
    return SideEffectProof(method, lambda nonce: messages.make(method, nonce), metadata)


def _on_loopback(endpoint: Endpoint) -> bool:
    return not is_elsewhere(endpoint)
