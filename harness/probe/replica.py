"""A replica: one address of a target with all that is asked of its verifier, part by part.

Each part is an asynchronous generator, so that what was found stands when the rest cannot be. The clock
comes first: by it the other parts date their tokens and judge the rows on time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from harness.clock import wall
from harness.defects.bench import Answer
from harness.defects.good import Good
from harness.defects.oracle import Edges
from harness.endpoint import Endpoint
from harness.errors import TokenError
from harness.probe.parts.ageing import ageing
from harness.probe.parts.bench import TargetBench
from harness.probe.parts.clock import measure
from harness.probe.parts.clock_findings import known_edges
from harness.probe.parts.estimate import with_drift
from harness.probe.parts.keys import key_summary
from harness.probe.parts.limits import limits
from harness.probe.parts.verdicts import BY_COVERAGE, BY_WAITING, VerdictPlan, verdicts
from harness.probe.result import ClockEstimate, Finding, Outcome, Part
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.beyond import GoneError
from harness.probe.target.canary import Canary
from harness.probe.target.carrier import Carrier
from harness.probe.target.minter import Minter
from harness.redaction import redact


@dataclass(frozen=True)
class Questions:
    """What is asked, and with what; the same for every replica.

    ``subject`` is the call that is made again and again, ``streaming`` a bidi one where there is one. ``leeway_s``
    and ``declared`` are what the owner declares; ``named`` are heavy rows to run on a target that is not on
    ``loopback``; ``before`` what an earlier probe said of the clocks.
    """

    endpoint: Endpoint
    subject: Subject
    minter: Minter = field(repr=False)
    streaming: Subject | None = None
    carrier: Carrier = field(default_factory=Carrier)
    leeway_s: float | None = None
    declared: frozenset[str] = frozenset()
    named: frozenset[str] = frozenset()
    loopback: bool = True
    deadline_s: float = 5.0
    before: tuple[ClockEstimate, ...] = ()


class Replica:
    """One address; open it with `opened`."""

    def __init__(self, questions: Questions, address: str, canary: Canary) -> None:
        asked = questions
        self.address, self.asked, self._canary = address, asked, canary
        self._asker = Asker(asked.endpoint, address, asked.subject, asked.carrier, asked.deadline_s)
        self._edges: Edges | None = None
        self._offset_s = 0.0
        self.clock: ClockEstimate | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, questions: Questions, address: str) -> AsyncIterator["Replica"]:
        """Open connections and the canary, until the end."""
        async with Canary().open() as canary:
            replica = cls(questions, address, canary)
            try:
                yield replica
            finally:
                await replica._asker.close()

    async def measure_clock(self) -> ClockEstimate:
        """Return what is known of its clock; the parts after this one go by it."""
        clock = with_drift(await measure(self._asker, self.asked.minter), self.asked.before, _seconds)
        self._edges = known_edges(clock, self.asked.leeway_s)
        self._offset_s = clock.offset.middle_s if clock.offset else 0.0
        self.clock = clock
        return clock

    async def answer_to(self, token: str) -> Answer:
        """Return what the subject's call ends with under a token."""
        return await self._asker.with_token(token)

    async def verdicts(self) -> AsyncIterator[Finding]:
        """Yield the answers to the whole catalogue, and what they say of keys."""
        bench = await self._bench()
        if self._asker.accepted(await self._asker.call(())):
            path = self.asked.subject.path
            text = f"{path} answers without a token as it does with one: no verdict can be seen there"
            way_out = "Give --method of one that is guarded; the coverage part lists those that are not"
            yield Finding(
                Part.VERDICTS, path, Outcome.NAKED, "UNAUTHENTICATED", text=text, way_out=way_out, row="META-01"
            )
            return
        by_waiting = self.clock is not None and self.clock.grace is not None and self.asked.minter.signs
        plan = VerdictPlan(
            declared=self.asked.declared,
            edges=self._edges,
            loopback=self.asked.loopback,
            named=self.asked.named,
            without=BY_COVERAGE | BY_WAITING if by_waiting else BY_COVERAGE,
            usual_carrier=self.asked.carrier == Carrier(),
            holds=self.asked.minter.holds,
        )
        found = []
        async for finding in verdicts(bench, plan, self._good):
            found.append(finding)
            yield finding
        if by_waiting and self.clock and self.clock.grace:
            async for finding in ageing(self._asker, bench, self.asked.minter, self.clock.grace, self.asked.declared):
                yield finding
        yield key_summary(found)

    async def limits(self) -> AsyncIterator[Finding]:
        """Yield from which size on tokens are turned away."""
        await self._bench()
        async for finding in limits(self._asker, self._good, loopback=self.asked.loopback):
            yield finding

    async def _bench(self) -> TargetBench:
        """Return the bench of this replica, when a good call has shown what its usual answer is."""
        good = self._good()
        answer = await self._asker.with_token(good.token())
        if not self._asker.settles(answer):
            said = redact(answer.text)[:120]
            raise GoneError(
                f"a good call of {self.asked.subject.path} ended {answer.code} ({said}); give --method and --data that "
                "succeed with a good token, and compare the token's claims with the target's settings"
            )
        if good.signer.algorithm != "HS256":
            strangers = (good.stranger, good.stranger.named(good.signer.kid))
            self._canary.jwks = {"keys": [key.jwk() for key in strangers]}
        asked = self.asked
        return TargetBench(
            asked.endpoint, self._asker, good, self._canary, streaming=asked.streaming, declared=asked.declared
        )

    def _good(self) -> Good:
        """Return what defects start from, now on the target's clock."""
        now_s = wall() + self._offset_s
        try:
            return self.asked.minter.good(now_s, canary_url=self._canary.url, leeway_s=self.asked.leeway_s or 0.0)
        except TokenError as error:
            raise GoneError(f"the token source gives no token any more: {error}") from error


def _seconds(utc: str) -> float:
    return datetime.fromisoformat(utc).timestamp()
