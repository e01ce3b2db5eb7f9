"""A session: what all parts of a probe share, above all the good call that each replica is asked by."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace

from harness.clock import wall
from harness.endpoint import Endpoint
from harness.endpoint.safety import is_elsewhere
from harness.probe.options import policies_of, rows_of
from harness.probe.parts.replica import Questions, Replica
from harness.probe.result import Finding, Outcome
from harness.probe.setup import Setup
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.credentials import bad_credentials
from harness.probe.target.minter import Minter
from harness.probe.target.refusals import Refusals
from harness.probe.target.subject import choose

NO_TOKEN = "it needs a good token; give --token-file, --token-url or --signing-key"  # noqa: S105 - a sentence


class ProbeSession:
    """One probe of one target; connections stay open from part to part, until ``stack`` ends.

    ``wanted`` are the headings whose findings are asked for.
    """

    def __init__(self, setup: Setup, stack: AsyncExitStack, wanted: frozenset[str] = frozenset()) -> None:
        self.setup, self.wanted, self._stack = setup, wanted, stack
        self.refusals = Refusals(setup.refusals)
        """How the target turns callers away, as far as it is known."""
        self._replicas: list[Replica] | None = None
        self._why = ""

    async def of_each(
        self, heading: str, ask: Callable[[Replica], AsyncIterator[Finding]], subject: str = "the whole part"
    ) -> AsyncIterator[Finding]:
        """Yield what is found of each replica, under its name where there are several; or why nothing can be asked."""
        replicas = await self.ready()
        for unready in self.unready(heading, subject):
            yield unready
        for replica in replicas:
            async for finding in ask(replica):
                if finding.part in self.wanted:
                    yield replace(finding, replica=replica.address if self.setup.several else "")

    def unready(self, heading: str, subject: str) -> Iterator[Finding]:
        """Yield why no replica can be asked by a good call, where none can."""
        if self._why:
            outcome = Outcome.NOT_CHECKED if self.setup.minter is None else Outcome.VOID
            yield Finding(heading, subject, outcome, text=self._why)

    async def ready(self) -> list[Replica]:
        """Return the replicas, opened, with a call that succeeds; none where there is no such call, with the reason."""
        if self._replicas is None:
            self._replicas = []
            minter = self.setup.minter
            if minter is None:
                self._why = NO_TOKEN
            else:
                await self._open(minter)
        return self._replicas or []

    async def _open(self, minter: Minter) -> None:
        setup = self.setup
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
            refusals=self.refusals,
        )
        self._replicas = [
            await self._stack.enter_async_context(Replica.opened(questions, address)) for address in addresses
        ]
        await _learn(self._replicas[0])


async def _learn(replica: Replica) -> None:
    """Note how a replica turns bad credentials away, where a good token gets through with the same message."""
    asker, asked = replica.asker, replica.asked
    if not asker.settles(await asker.with_token(replica.good().token())):
        return
    for credential in bad_credentials(asked.carrier, asked.minter, wall()):
        answer = await asker.call(credential.metadata)
        if not asker.accepted(answer):
            asker.refusals.learn(answer, credential.name)


def _streaming(setup: Setup) -> Subject | None:
    """Return the bidi method that the user gave a message for: without one no stream is opened with a good token."""
    for method in setup.methods:
        if method.kind == "bidi" and setup.messages.given(method.path):
            return Subject(method.path, method.kind, setup.messages.make(method, "jwtstorm-stream"))
    return None


def _on_loopback(endpoint: Endpoint) -> bool:
    return not is_elsewhere(endpoint)
