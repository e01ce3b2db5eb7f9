"""A replica: one address of a target, and what is known of its verifier's clock.

The clock part comes first: by it the others date their tokens and judge the rows on time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from harness.clock import wall
from harness.defects.bench import Answer
from harness.defects.good import Good
from harness.defects.oracle import Edges
from harness.endpoint import Endpoint
from harness.errors import TokenError
from harness.probe.parts.bench import TargetBench
from harness.probe.parts.clock_findings import known_edges
from harness.probe.result import ClockEstimate
from harness.probe.target.asker import Asker, Subject
from harness.probe.target.beyond import GoneError
from harness.probe.target.canary import Canary
from harness.probe.target.carrier import Carrier
from harness.probe.target.minter import Minter
from harness.probe.target.refusals import Refusals
from harness.redaction import redact


@dataclass(frozen=True)
class Questions:
    """What is asked, and with what; the same for every replica.

    ``subject`` is the call that is made again and again, ``streaming`` a bidi one where there is one. ``leeway_s``
    and ``declared`` are what the owner declares; ``named`` are heavy rows to run on a target that is not on
    ``loopback``; ``before`` what an earlier probe said of the clocks; ``refusals`` how the target turns callers away.
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
    refusals: Refusals = field(default_factory=Refusals)


class Replica:
    """One address; open it with `opened`."""

    def __init__(self, questions: Questions, address: str, canary: Canary) -> None:
        asked = questions
        self.address, self.asked, self._canary = address, asked, canary
        self.asker = Asker(asked.endpoint, address, asked.subject, asked.carrier, asked.deadline_s, asked.refusals)
        self.edges: Edges | None = None
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
                await replica.asker.close()

    def learn(self, clock: ClockEstimate) -> None:
        """Go by a clock from now on."""
        self.clock, self.edges = clock, known_edges(clock, self.asked.leeway_s)
        self._offset_s = clock.offset.middle_s if clock.offset else 0.0

    async def answer_to(self, token: str) -> Answer:
        """Return what the subject's call ends with under a token."""
        return await self.asker.with_token(token)

    async def bench(self) -> TargetBench:
        """Return the bench of this replica, when a good call has shown what its usual answer is."""
        good = self.good()
        answer = await self.asker.with_token(good.token())
        if not self.asker.settles(answer):
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
            asked.endpoint, self.asker, good, self._canary, streaming=asked.streaming, declared=asked.declared
        )

    def now(self) -> float:
        """Return the target's time, as far as its clock is known."""
        return wall() + self._offset_s

    def good(self) -> Good:
        """Return what defects start from, now on the target's clock."""
        try:
            return self.asked.minter.good(self.now(), canary_url=self._canary.url, leeway_s=self.asked.leeway_s or 0.0)
        except TokenError as error:
            raise GoneError(f"the token source gives no token any more: {error}") from error
