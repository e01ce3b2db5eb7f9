"""The verdicts part: every row of the catalogue against one replica, each answer between two good calls."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from harness.clock import wall
from harness.defects import DEFECTS, Defect, Specimen, rows
from harness.defects.bench import Answer, Bench, Observation
from harness.defects.good import Good
from harness.defects.judge import Judgement as Judged
from harness.defects.judge import judge_answer, judge_observation, wrong_code
from harness.defects.oracle import Edges, Expectation, ValidityWindow, expect
from harness.errors import TokenError
from harness.probe.parts import part
from harness.probe.parts.ageing import ageing
from harness.probe.parts.evidence import TURNED_AWAY, unlike
from harness.probe.parts.keys import KEYS, key_summary
from harness.probe.parts.replica import Replica
from harness.probe.parts.session import ProbeSession
from harness.probe.result import VERDICTS, Finding, Outcome, Piece
from harness.probe.target.asker import origin_of
from harness.probe.target.beyond import Beyond, GoneError
from harness.probe.target.carrier import Carrier
from harness.probe.target.refusals import CRASHED, OR, REJECTED
from harness.tokens.token import Token

HEAVY = frozenset({"HEAD-12", "META-21", "META-22", "CLM-07", "TIME-09", "SIGN-11", "KEY-04"})
"""Rows that could lock an account out, or make a verifier use memory or time without bound."""
BY_COVERAGE = frozenset({"WIRE-01", "WIRE-02", "WIRE-03", "WIRE-04", "WIRE-06", "WIRE-07", "WIRE-09"})
"""Rows that the coverage part asks of every method, and better."""
BY_WAITING = frozenset({"LIFE-01", "LIFE-02", "LIFE-03", "LIFE-04", "TIME-22"})
"""Rows that the clock part and `harness.probe.parts.ageing` answer where the verifier's edges are known."""
OF_A_CLAIM = {"CLM-01": "aud", "CLM-02": "aud", "CLM-03": "aud", "CLM-12": "aud", "CLM-04": "iss", "CLM-06": "scope"}
"""Rows that say nothing where good tokens do not have the claim."""
OF_KEYS = frozenset(
    {"OK-07", "SIGN-09", "SIGN-16", "SIGN-17", "SIGN-23", "HEAD-01", "HEAD-02", "HEAD-03", "HEAD-04", "HEAD-05"}
    | {f"KEY-0{number}" for number in range(1, 6)}
)
"""Rows that are reported in the keys part: which keys, ids and algorithms are accepted, and whose."""
_OF_CRASHES = "WIRE-08"
_OF_TIME = frozenset({"TIME-02", "TIME-15"})
_MOST_FAILURES = 3


@dataclass(frozen=True)
class VerdictPlan:
    """Which rows run, and by what they are judged.

    ``declared`` are the policies that the target's owner declares (`Allowed.when`); ``edges`` what is known of
    the verifier's clock and leeway (None: the rows on leeway are not judged); ``loopback`` whether the
    target is on this machine: elsewhere heavy rows run only where they are ``named``. ``usual_carrier`` is
    whether tokens travel as ``authorization: Bearer``; ``rejection`` is how it turns callers away.
    """

    declared: frozenset[str] = frozenset()
    edges: Edges | None = None
    loopback: bool = True
    named: frozenset[str] = frozenset()
    without: frozenset[str] = BY_COVERAGE
    usual_carrier: bool = True
    rejection: str = REJECTED
    holds: Callable[[str], bool] = bool

    def rows(self) -> list[Defect]:
        """Return the rows that are about a server and not left to another part."""
        return [row for row in rows() if row.subject == "server" and row.id not in self.without]

    def obstacle(self, row: Defect) -> str:
        """Return why a row is not run, or nothing."""
        if row.later:
            return row.later
        if row.id in HEAVY and not self.loopback and row.id not in self.named:
            return f"it may lock an account out or grow memory; name it to run it: --row {row.id}"
        claim = OF_A_CLAIM.get(row.id, "")
        if claim and not self.holds(claim):
            return f"good tokens have no {claim}; add it to the claims template"
        if row.family == "META" and row.id != "META-01" and not self.usual_carrier:
            return "the catalogue's rows on metadata are about authorization: Bearer"
        return ""


async def verdicts(bench: Bench, plan: VerdictPlan, renew: Callable[[], Good] | None = None) -> AsyncIterator[Finding]:
    """Yield a finding for each answer, as they come; ``renew`` makes the good tokens of the next row.

    Raises `GoneError` where good calls fail again and again: what was found until then stands.
    """
    failures = 0
    for row in plan.rows():
        if obstacle := plan.obstacle(row):
            yield _blank(row, Outcome.NOT_CHECKED, obstacle)
            continue
        if renew is not None:
            bench.good = renew()
        if bench.good.signer.algorithm not in row.algorithms:
            text = (
                f"it is about {', '.join(sorted(row.algorithms))}; the probe signs with {bench.good.signer.algorithm}"
            )
            yield _blank(row, Outcome.NOT_CHECKED, text)
            continue
        control = await bench.control()
        failures = 0 if control.code == "OK" else failures + 1
        if failures >= _MOST_FAILURES:
            raise GoneError(f"{failures} good calls in a row failed, the last with {control.code} before {row.id}")
        if control.code != "OK":
            yield _blank(row, Outcome.VOID, f"the good call before it ended {control.code}")
            continue
        async for finding in _try(row, bench, plan):
            yield finding


async def _try(row: Defect, bench: Bench, plan: VerdictPlan) -> AsyncIterator[Finding]:
    try:
        if row.procedure:
            async for seen in row.procedure(bench):
                yield _observed(row, seen, bench, plan)
        for specimen in row.specimens(bench.good):
            async for finding in _specimen(row, specimen, bench, plan):
                yield finding
    except Beyond as beyond:
        yield _blank(row, Outcome.NOT_CHECKED, str(beyond))


async def _specimen(row: Defect, specimen: Specimen, bench: Bench, plan: VerdictPlan) -> AsyncIterator[Finding]:
    sent_s = wall()
    answer = await bench.call(specimen.metadata, raw=specimen.local)
    if row.id in _OF_TIME:
        expected = _by_the_clock(specimen, plan.edges, sent_s, sent_s + answer.took_s)
        if not expected:
            text = "grey: within the bounds of what is known of the verifier's clock"
            why = text if plan.edges else "the verifier's clock is not known; it is judged after the clock part"
            yield replace(_blank(row, Outcome.NOT_CHECKED, why), variant=specimen.variant, seen=answer.code)
            return
        specimen = replace(specimen, expected=expected)
    if answer.sent == specimen.expected:
        answer = replace(answer, code=answer.sent)
    judged = judge_answer(row, specimen, "unary", bench.good.signer.algorithm, answer, plan.declared)
    for one in judged:
        yield _answered(row, specimen, one, answer)


def _by_the_clock(specimen: Specimen, edges: Edges | None, sent_s: float, answered_s: float) -> str:
    """Return what a verifier with these edges must say, or nothing where that is grey."""
    try:
        token = Token.parse(str(specimen.metadata[0][1]).rpartition(" ")[2], 0.0)
    except TokenError:
        return specimen.expected
    if edges is None:
        return ""
    expected = expect(ValidityWindow.of(token.claims), edges, sent_s, answered_s)
    return {Expectation.MUST_ACCEPT: "OK", Expectation.MUST_REJECT: "UNAUTHENTICATED"}.get(expected, "")


def _answered(row: Defect, specimen: Specimen, judged: Judged, answer: Answer) -> Finding:
    origin, cause = origin_of(answer)
    outcome = _outcome(judged, specimen.expected, answer.code)
    plain = _blank(row, outcome, _more(judged, specimen.expected, answer.code), specimen.expected, answer)
    if judged.row != row.id:
        plain = _side_finding(judged, plain)
    return replace(
        plain, variant=specimen.variant, seen=answer.seen, origin=origin, cause=cause, latency_s=answer.took_s
    )


def _side_finding(judged: Judged, plain: Finding) -> Finding:
    """Return a finding on a rule that holds for every rejection: nothing ran, and nothing was told."""
    row = DEFECTS[judged.row]
    outcome = Outcome.NAKED if judged.row == "WIRE-09" else Outcome.PROBLEM
    return replace(
        plain, row=row.id, subject=row.name, outcome=outcome, expected="", text=judged.text, way_out=row.fix,
        source=row.source,
    )  # fmt: skip


def _observed(row: Defect, seen: Observation, bench: Bench, plan: VerdictPlan) -> Finding:
    judged = judge_observation(row, seen, bench.good.signer.algorithm, plan.declared)
    expected = seen.expected or row.expected
    if seen.problem:
        outcome = Outcome.CRASH_CODE if row.id == _OF_CRASHES else Outcome.PROBLEM
        return replace(_blank(row, outcome, seen.problem), expected="", variant=seen.variant)
    finding = _blank(
        row, _outcome(judged, expected, seen.code), _more(judged, expected, seen.code), expected, Answer(seen.code)
    )
    sent = plan.rejection if seen.code == REJECTED else seen.code
    return replace(finding, variant=seen.variant, seen=sent, expected=expected if seen.code else "")


def _more(judged: Judged, expected: str, code: str) -> str:
    """Return what a judgement says beyond the two codes, which a finding has fields for."""
    return "" if judged.text == wrong_code(code, expected) else judged.text


def _outcome(judged: Judged, expected: str, code: str) -> Outcome:
    if judged.verdict != "failed":
        return Outcome(judged.verdict)
    if code == "OK":
        return Outcome.FALSE_ACCEPT
    if code in CRASHED:
        return Outcome.CRASH_CODE
    return Outcome.FALSE_REJECT if expected == "OK" and code in TURNED_AWAY else Outcome.WRONG_CODE


def _blank(row: Defect, outcome: Outcome, text: str, expected: str = "", answer: Answer | None = None) -> Finding:
    finding = Finding(
        KEYS if row.id in OF_KEYS else VERDICTS,
        row.name,
        outcome,
        expected or row.expected,
        tuple(dict.fromkeys(allowed.code for allowed in row.allowed)),
        text=text,
        row=row.id,
        source=row.source,
    )
    if not finding.found:
        return finding
    meaning, way_out = _told(row, outcome, expected or row.expected, answer)
    return replace(finding, text=f"{text}. {meaning}" if text and meaning else text or meaning, way_out=way_out)


def _told(row: Defect, outcome: Outcome, expected: str, answer: Answer | None) -> tuple[str, str]:
    """Return what was seen means, and the way out; only what was let in is the row's own story."""
    if outcome is Outcome.FALSE_ACCEPT:
        policies = sorted({allowed.when for allowed in row.allowed if allowed.when})
        declare = f" Or declare what is so on purpose: --declare {' or '.join(policies)}." if policies else ""
        return row.fails, f"{row.fix}{declare}"
    if answer is None or outcome is Outcome.FALSE_REJECT:
        return "" if answer is None else row.fails, row.fix
    return unlike(answer, expected)


@part(VERDICTS, 30, KEYS)
async def ask(probe: ProbeSession) -> AsyncIterator[Piece]:
    """Send every row of the catalogue of defects; what concerns algorithms, key ids and embedded keys is told apart."""
    async for finding in probe.of_each(VERDICTS, of_replica):
        yield finding


async def of_replica(replica: Replica) -> AsyncIterator[Finding]:
    """Yield the answers to the whole catalogue, and what they say of keys."""
    bench = await replica.bench()
    if replica.asker.accepted(await replica.asker.call(())):
        path = replica.asked.subject.path
        text = f"{path} answers without a token as it does with one: no verdict can be seen there"
        way_out = "Give --method of one that is guarded; the coverage part lists those that are not"
        yield Finding(VERDICTS, path, Outcome.NAKED, "UNAUTHENTICATED", text=text, way_out=way_out, row="META-01")
        return
    by_waiting = replica.clock is not None and replica.clock.grace is not None and replica.asked.minter.signs
    plan = VerdictPlan(
        declared=replica.asked.declared,
        edges=replica.edges,
        loopback=replica.asked.loopback,
        named=replica.asked.named,
        without=BY_COVERAGE | BY_WAITING if by_waiting else BY_COVERAGE,
        usual_carrier=replica.asked.carrier == Carrier(),
        rejection=OR.join(replica.asked.refusals.codes) or REJECTED,
        holds=replica.asked.minter.holds,
    )
    found = []
    async for finding in verdicts(bench, plan, replica.good):
        found.append(finding)
        yield finding
    if by_waiting and replica.clock and replica.clock.grace:
        asked = replica.asked
        async for finding in ageing(replica.asker, bench, asked.minter, replica.clock.grace, asked.declared):
            yield finding
    yield key_summary(found)
