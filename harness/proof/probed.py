"""The probe tried on the lab's own targets: the right one, and every server of the zoo.

An animal is *seen from outside* where the probe finds it with an address, a signing key and a claims template,
as a user's target is probed. What only a key set, a revocation or the issuer's count shows is asked with
those in hand, by the same rows.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

from harness.clock import wall
from harness.endpoint import Endpoint
from harness.endpoint.methods import Method, from_stubs
from harness.lab import zoo
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.zoo import Animal
from harness.probe.parts import limits, verdicts
from harness.probe.parts.clock import measure_clock
from harness.probe.parts.clock_findings import clock_findings
from harness.probe.parts.coverage import Coverage, CoveragePlan
from harness.probe.parts.replica import Questions, Replica
from harness.probe.result import Finding, Outcome
from harness.probe.target.asker import Subject
from harness.probe.target.carrier import Carrier
from harness.probe.target.credentials import bad_credentials
from harness.probe.target.line import open_line
from harness.probe.target.minter import Minter
from harness.probe.target.openness import HEALTH, Openness
from harness.probe.target.proof import SideEffectProof, good_metadata
from harness.proof.bench import LedgerBench
from harness.proof.target import stage

POLICIES = frozenset({"streams-checked-once"})
IN_HAND = frozenset({"CLM-10", "KEY-01", "KEY-02", "KEY-03", "KEY-04", "KEY-05", "SIGN-23", "OK-07"})
"""Rows that need the issuer in hand."""
_AT_ONCE = 6
_SERVICE = f"/{pb.DESCRIPTOR.services_by_name['Ledger'].full_name}"


@dataclass(frozen=True)
class Sighting:
    """What the probe found in one target; ``animal`` None is the right one."""

    animal: Animal | None
    algorithm: str
    outside: tuple[Finding, ...]
    inside: tuple[Finding, ...] = ()

    @property
    def seen(self) -> list[str]:
        """Return the rows, or subjects, that say that something is wrong, as seen from outside."""
        return _wrong(self.outside)

    @property
    def seen_in_hand(self) -> list[str]:
        """Return those that took the issuer in hand."""
        return _wrong(self.inside)

    @property
    def counts(self) -> Counter[str]:
        """Return the number of findings by outcome."""
        return Counter(finding.outcome.value for finding in (*self.outside, *self.inside))


async def probe_target(algorithm: str = "ES256", animal: Animal | None = None) -> Sighting:
    """Probe a target of the lab's, from outside and then with the issuer in hand."""
    async with stage(algorithm, [animal.name] if animal else []) as bench:
        outside = [finding async for finding in _from_outside(bench)]
        inside: list[Finding] = []
        if animal is None or not _wrong(outside):
            plan = verdicts.VerdictPlan(declared=POLICIES, without=_all_but_in_hand())
            inside = [finding async for finding in verdicts.verdicts(bench, plan)]
    return Sighting(animal, algorithm, tuple(outside), tuple(inside))


async def probe_zoo(names: Iterable[str]) -> list[Sighting]:
    """Probe servers of the zoo, a few at a time."""
    free = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> Sighting:
        async with free:
            animal = zoo.find(name)
            return await probe_target(animal.algorithm, animal)

    return list(await asyncio.gather(*(one(name) for name in names)))


def page(right: Sequence[Sighting], animals: Sequence[Sighting]) -> str:
    """Return what was found where, and the counts, as text."""
    lines = [f"{'target':<36}{'seen':<10}by"]
    for sighting in (*right, *animals):
        name = sighting.animal.name if sighting.animal else f"the right one, {sighting.algorithm}"
        lines.append(f"{name:<36}{_word(sighting):<10}{_by(sighting)}")
    hunted = [one for one in animals if one.animal and not one.animal.unseen]
    outside = sum(bool(one.seen) for one in hunted)
    inside = sum(bool(one.seen_in_hand) and not one.seen for one in hunted)
    answers = sum(sum(one.counts.values()) - one.counts["not checked"] for one in right)
    wrong = sum(len(one.seen) + len(one.seen_in_hand) for one in right)
    lines.append(
        f"\n{outside + inside} of {len(hunted)} found: {outside} from outside, {inside} with the issuer in hand; "
        f"{len(animals) - len(hunted)} cannot be seen"
    )
    lines.append(f"right targets: {wrong} found in {answers} answers of {len(right)} probes")
    return "\n".join(lines)


async def _from_outside(bench: LedgerBench) -> AsyncIterator[Finding]:
    good = bench.good
    claims = {"iss": good.issuer, "aud": good.audience, "sub": "probe", "scope": good.scope}
    minter = Minter.with_key(good.signer, claims)
    endpoint = Endpoint((bench.address,))
    questions = Questions(
        endpoint,
        Subject(f"{_SERVICE}/GetBalance", "unary", pb.BalanceRequest(account="probe-a").SerializeToString()),
        minter,
        Subject(f"{_SERVICE}/StreamTransfers", "bidi", _transfer("probe-stream")),
        leeway_s=0.0,
        declared=POLICIES,
    )
    async with Replica.opened(questions, bench.address) as replica:
        for finding in clock_findings([await measure_clock(replica)], 0.0):
            yield finding
        async for finding in verdicts.of_replica(replica):
            yield finding
        async for finding in limits.of_replica(replica):
            yield finding
    async for finding in _coverage(endpoint, minter):
        yield finding


async def _coverage(endpoint: Endpoint, minter: Minter) -> AsyncIterator[Finding]:
    methods = from_stubs(pb)
    find = methods.find(f"{_SERVICE}/FindTransfer")
    proof = SideEffectProof(
        find,
        lambda nonce: pb.FindRequest(nonce=nonce).SerializeToString(),
        good_metadata(Carrier(), minter, wall),
    )
    plan = CoveragePlan(
        methods,
        tuple(bad_credentials(Carrier(), minter, wall())),
        _request,
        Openness(public=(HEALTH,)),
        proof=proof,
        makes_effect=frozenset(f"{_SERVICE}/{name}" for name in ("Transfer", "ImportTransfers", "StreamTransfers")),
    )
    line = open_line(endpoint, endpoint.addresses[0])
    try:
        async for finding in Coverage(plan, line, _no_pause).ask():
            yield finding
    finally:
        await line.close()


def _request(method: Method, nonce: str) -> bytes:
    if method.name == "FindTransfer":
        return pb.FindRequest(nonce=nonce).SerializeToString()
    if method.name in {"GetBalance", "ListTransfers"}:
        return pb.BalanceRequest(account="probe-a").SerializeToString()
    return _transfer(nonce)


def _transfer(nonce: str) -> bytes:
    order = pb.TransferRequest(from_account="probe-a", to_account="probe-b", cents=1, nonce=nonce)
    return order.SerializeToString()


async def _no_pause() -> None:
    return


def _all_but_in_hand() -> frozenset[str]:
    return frozenset(row.id for row in verdicts.VerdictPlan(without=frozenset()).rows()) - IN_HAND


def _wrong(findings: Iterable[Finding]) -> list[str]:
    return sorted({one.row or one.subject for one in findings if one.found or one.outcome is Outcome.VOID})


def _word(sighting: Sighting) -> str:
    if sighting.seen or sighting.seen_in_hand:
        return "outside" if sighting.seen else "in hand"
    return "nothing"


def _by(sighting: Sighting) -> str:
    names = sighting.seen or sighting.seen_in_hand
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return shown or (sighting.animal.unseen if sighting.animal else "")
