"""Tokens that die while they are watched: what the catalogue does with a clock in its hands, done by waiting.

Where the verifier's edge is known, a token is minted that dies within two seconds, whatever the leeway; the
answers before and after its end are those of the rows on the life-cycle.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from harness.clock import wall
from harness.defects import DEFECTS
from harness.defects.bench import Answer, Bench, Metadata
from harness.defects.oracle import Bounds
from harness.probe.parts.edge import EXP
from harness.probe.parts.evidence import unlike
from harness.probe.result import VERDICTS, Finding, Outcome
from harness.probe.target.asker import Asker
from harness.probe.target.beyond import Beyond
from harness.probe.target.minter import Minter

_LIFE_S = 1.2
_AFTER_S = 0.2


async def ageing(
    asker: Asker, bench: Bench, minter: Minter, grace: Bounds, declared: frozenset[str]
) -> AsyncIterator[Finding]:
    """Yield the findings of a comeback with an old token, and of streams that outlive theirs."""
    if not minter.signs:
        return
    for finding in await asyncio.gather(
        _comeback(asker, minter, grace),
        _stream(bench, minter, grace, declared, message=False),
        _stream(bench, minter, grace, declared, message=True),
    ):
        yield finding


async def _comeback(asker: Asker, minter: Minter, grace: Bounds) -> Finding:
    """Call with a token before and after its end, and with the next one."""
    token, dead_s = _dying(minter, grace)
    before = await asker.with_token(token)
    await _until(dead_s)
    after = asker.judged(await asker.with_token(token))
    renewed = await asker.with_token(minter.good(wall()).token(**_lasting()))
    problem = ""
    if not asker.accepted(before):
        problem = f"the young token was turned away with {before.code}"
    elif not asker.accepted(renewed):
        problem = f"the new token was turned away with {renewed.code}"
    return _judged("LIFE-03", after.code, problem, frozenset())


async def _stream(bench: Bench, minter: Minter, grace: Bounds, declared: frozenset[str], *, message: bool) -> Finding:
    """Keep a stream open beyond its token's end, with a message after it or without."""
    row = "LIFE-02" if message else "LIFE-01"
    token, dead_s = _dying(minter, grace)
    metadata: Metadata = (("authorization", f"Bearer {token}"),)
    try:
        async with bench.stream(metadata) as stream:
            if not await stream.ask("young"):
                return _judged(row, "", "the stream did not begin", declared)
            await _until(dead_s)
            answered = not message or await stream.ask("old")
            ending = await stream.ending()
    except Beyond as beyond:
        return _finding(row, Outcome.NOT_CHECKED, str(beyond))
    return _judged(row, "OK" if answered and ending.code == "OK" else ending.code, "", declared)


def _dying(minter: Minter, grace: Bounds) -> tuple[str, float]:
    """Return a token that is good for about a second more, and when it is dead for certain."""
    now_s = wall()
    date_s = EXP.date(grace.low_s - _LIFE_S, now_s)
    dates: dict[str, Any] = {"exp": date_s, "iat": date_s - 7200, "jti": secrets.token_hex(8)}
    alive_s = date_s + grace.low_s - now_s
    if alive_s < _LIFE_S / 2:  # the nearest whole second left too little of it
        dates["exp"] += 1
    return minter.good(now_s).token(**dates), dates["exp"] + grace.high_s + _AFTER_S


def _lasting() -> dict[str, Any]:
    now_s = int(wall())
    return {"iat": now_s - 7200, "exp": now_s + 7200, "jti": secrets.token_hex(8)}


async def _until(at_s: float) -> None:
    await asyncio.sleep(max(0.0, at_s - wall()))


def _judged(row: str, code: str, problem: str, declared: frozenset[str]) -> Finding:
    defect = DEFECTS[row]
    if problem:
        return _finding(row, Outcome.VOID, problem)
    if code == defect.expected:
        return replace(_finding(row, Outcome.PASSED, ""), seen=code)
    for allowed in defect.allowed:
        if allowed.covers(code, "", declared):
            return replace(_finding(row, Outcome.ALLOWED, allowed.why), seen=code)
    if code != "OK":
        text, way_out = unlike(Answer(code), defect.expected)
        return replace(_finding(row, Outcome.WRONG_CODE, text), seen=code, way_out=way_out)
    told = _finding(row, Outcome.FALSE_ACCEPT, defect.fails)
    policies = " or ".join(allowed.when for allowed in defect.allowed if allowed.when)
    declare = f" Or declare what is so on purpose: --declare {policies}." if policies else ""
    return replace(told, seen=code, way_out=f"{defect.fix}{declare}")


def _finding(row: str, outcome: Outcome, text: str) -> Finding:
    defect = DEFECTS[row]
    allowed = tuple(one.code for one in defect.allowed)
    return Finding(VERDICTS, defect.name, outcome, defect.expected, allowed, text=text, row=row, source=defect.source)
