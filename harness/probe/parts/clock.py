"""The clock part: offset and leeway of each replica's verifier, measured by tokens that the probe mints.

Each token is new (a cache of verdicts would be measured otherwise) and differs in one date. Times are this
machine's wall clock, read once and carried on by the monotonic one, so that no step of it gets in.
"""

import asyncio
import math
import secrets
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from harness.clock import monotonic, utc_now, wall
from harness.defects.bench import Answer
from harness.defects.oracle import Bounds
from harness.probe.parts import part
from harness.probe.parts.clock_findings import CLOCK, clock_findings
from harness.probe.parts.edge import EXP, NBF, Ask, Search, Seen
from harness.probe.parts.estimate import conclude, with_drift
from harness.probe.parts.evidence import TURNED_AWAY
from harness.probe.parts.replica import Replica
from harness.probe.parts.session import ProbeSession
from harness.probe.result import ClockEstimate, Piece
from harness.probe.target.asker import Asker, origin_of
from harness.probe.target.minter import Minter
from harness.results.row import Cause

_SPANS_S = (86_400, 10_000, 3_600, 600, 60)
_MOST_LOST = 0.2
_LAST_BREATH_S = 0.4
NO_KEY = "no signing key: a verifier's clock is measured by tokens of the probe's making; give --signing-key FILE"


class Unmeasured(Exception):  # noqa: N818 - it becomes a doubt
    """The clock cannot be measured; the text says why."""


@dataclass(frozen=True)
class Now:
    """This machine's wall clock, steady."""

    start_wall_s: float
    start_monotonic_s: float

    @classmethod
    def begin(cls) -> "Now":
        """Read both clocks."""
        return cls(wall(), monotonic())

    def __call__(self) -> float:
        """Return seconds since the epoch."""
        return self.start_wall_s + (monotonic() - self.start_monotonic_s)


async def measure(asker: Asker, minter: Minter) -> ClockEstimate:
    """Return what is known of one replica's clock; what speaks against it are its doubts. Raises nothing."""
    now = Now.begin()
    blank = ClockEstimate(asker.address, utc_now().isoformat(timespec="milliseconds"))
    if not minter.signs:
        return replace(blank, doubts=(NO_KEY,))
    work = _Measurement(asker, minter, now)
    try:
        found = await work.run(blank)
    except Unmeasured as error:
        found = replace(blank, doubts=(str(error),))
    return replace(found, calls=work.calls, took_s=now() - now.start_wall_s)


class _Measurement:
    """One measurement of one replica."""

    def __init__(self, asker: Asker, minter: Minter, now: Now) -> None:
        self._asker, self._minter, self._now = asker, minter, now
        self._span_s = _SPANS_S[0]
        self._lost: list[Answer] = []
        self.calls = 0

    async def run(self, blank: ClockEstimate) -> ClockEstimate:
        await self._find_span()
        exp, nbf = (Search(side, self._span_s // 2) for side in (EXP, NBF))
        await asyncio.gather(self._drive(exp), self._drive(nbf))
        rtt_s = min(exp.rtt_s, nbf.rtt_s)
        measured = replace(
            blank, grace=exp.bounds, head_start=nbf.bounds, rtt_s=rtt_s, doubts=(*_doubts(exp), *_doubts(nbf))
        )
        if exp.bounds and await self._outlives_its_end(exp.bounds):
            kept = "a token that was seen while good is still taken after its end: verdicts are kept longer than tokens"
            measured = replace(measured, doubts=(*measured.doubts, kept))
        return conclude(measured)

    async def _find_span(self) -> None:
        """Find how long a life the verifier takes: the longer, the further its clock may be off."""
        answer = Answer("")
        for self._span_s in _SPANS_S:
            answer = await self._asker.with_token(self._token())
            self.calls += 1
            if self._asker.settles(answer):
                return
            if not self._turned_away(answer):
                raise Unmeasured(
                    f"a call with a good token ended {_said(answer)}; give --method and --data that succeed"
                )
        raise Unmeasured(
            f"no token of the probe's making is accepted ({_said(answer)}): compare key, kid, issuer and audience with "
            "the target's settings, or its clock is off by over a day"
        )

    def _turned_away(self, answer: Answer) -> bool:
        return answer.code in TURNED_AWAY or self._asker.refused(answer)

    def _token(self, **dates: int) -> str:
        at_s, span_s = int(self._now()), self._span_s
        claims: dict[str, Any] = {"iat": at_s - span_s, "exp": at_s + span_s, **dates}
        return self._minter.good(at_s).token(jti=secrets.token_hex(8), **claims)

    async def _drive(self, search: Search) -> None:
        steps = search.run(self._now())
        asks: Sequence[Ask] = next(steps)
        while True:
            seen = await asyncio.gather(*(self._ask(search, ask) for ask in asks))
            self._require_answers()
            try:
                asks = steps.send(([one for one in seen if one], self._now()))
            except StopIteration:
                return

    async def _ask(self, search: Search, ask: Ask) -> Seen | None:
        token = self._token(**{search.side.claim: ask.date_s})
        if ask.at_s:
            await asyncio.sleep(max(0.0, ask.at_s - self._now()))
        self.calls += 1
        sent_s = self._now()
        answer = await self._asker.with_token(token)
        answered_s = self._now()
        if self._asker.accepted(answer) or self._turned_away(answer):
            return Seen(ask.date_s, sent_s, answered_s, self._asker.accepted(answer))
        self._lost.append(answer)
        return None

    def _require_answers(self) -> None:
        if len(self._lost) > 2 + _MOST_LOST * self.calls:
            raise Unmeasured(f"{len(self._lost)} of {self.calls} calls were not judged ({_said(self._lost[-1])})")

    async def _outlives_its_end(self, grace: Bounds) -> bool:
        """Return whether one token is taken again after its end, when it was seen before it."""
        before_s = EXP.moment(grace.low_s - _LAST_BREATH_S, self._now() + 0.05)
        date_s = EXP.date(grace.low_s - _LAST_BREATH_S, before_s)
        token = self._token(exp=date_s)
        await asyncio.sleep(max(0.0, before_s - self._now()))
        first = await self._asker.with_token(token)
        after_s = date_s + grace.high_s + 0.1
        await asyncio.sleep(max(0.0, after_s - self._now()))
        again = await self._asker.with_token(token)
        self.calls += 2
        return self._asker.accepted(first) and self._asker.accepted(again)


def _doubts(search: Search) -> list[str]:
    claim = search.side.claim
    if search.contradiction_s > 0:
        apart = f"answers to {claim} contradict each other by {search.contradiction_s:.3f} s"
        return [f"{apart}: several clocks answer here, or one was stepped meanwhile; probe each replica by itself"]
    if math.isinf(search.high_s):
        return [f"{claim} is not compared: every date was accepted, so that offset and leeway cannot be told apart"]
    if math.isinf(search.low_s):
        return [f"no date of {claim} is accepted: the clock is off by hours, or something else turns the tokens away"]
    return []


def _said(answer: Answer) -> str:
    origin, cause = origin_of(answer)
    known = cause if cause and cause != Cause.UNAUTHENTICATED.name.lower() else origin
    return f"{answer.code}, {known}" if known else answer.code


async def measure_clock(replica: Replica) -> ClockEstimate:
    """Return what is known of a replica's clock; the parts after this one go by it."""
    clock = with_drift(await measure(replica.asker, replica.asked.minter), replica.asked.before, _seconds)
    replica.learn(clock)
    return clock


@part(CLOCK, 20)
async def ask(probe: ProbeSession) -> AsyncIterator[Piece]:
    """Measure offset and leeway of each replica's verifier."""
    clocks: list[ClockEstimate] = []
    for replica in await probe.ready():
        clocks.append(await measure_clock(replica))
        yield clocks[-1]
    for finding in (*probe.unready(CLOCK, "offset and leeway"), *clock_findings(clocks, probe.setup.options.leeway)):
        yield finding


def _seconds(utc: str) -> float:
    return datetime.fromisoformat(utc).timestamp()
