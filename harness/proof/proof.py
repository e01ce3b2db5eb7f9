"""The proof: run rows of the catalogue on a bench, and say what came of each."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness.clock import wall
from harness.defects import Defect, rows
from harness.defects.bench import Shape
from harness.defects.judge import Judgement, judge_answer, judge_observation
from harness.defects.rehearsal import Rehearsal, Script
from harness.proof.bench import LedgerBench
from harness.tokens.client_parts import ClientParts


@dataclass(frozen=True)
class ProofResult:
    """All outcomes of one run."""

    outcomes: tuple[Judgement, ...]

    @property
    def failed(self) -> frozenset[str]:
        """Return the ids of the rows that found something."""
        return frozenset(outcome.row for outcome in self.outcomes if outcome.verdict == "failed")

    def counts(self) -> dict[str, int]:
        """Return the number of outcomes by verdict."""
        counted = Counter(outcome.verdict for outcome in self.outcomes)
        return {name: counted[name] for name in ("passed", "allowed", "failed", "void")}


async def prove_server(
    bench: LedgerBench, shapes: Sequence[Shape], only: Iterable[Defect] | None = None
) -> ProofResult:
    """Run all rows that try a server: specimens in calls of every shape given, procedures once."""
    found = [
        outcome
        for row in (rows() if only is None else only)
        if row.subject == "server" and not row.later and bench.good.signer.algorithm in row.algorithms
        async for outcome in _run(row, bench, shapes)
    ]
    return ProofResult(tuple(found))


async def prove_client(parts: ClientParts) -> ProofResult:
    """Rehearse all rows that try a client; they are void where the client's calls fail without any trouble."""
    trouble = _unfit(parts)
    if trouble is not None:
        return ProofResult((trouble,))
    found = []
    for row in rows():
        if row.subject == "client" and row.procedure:
            found += [judge_observation(row, seen, "", ()) async for seen in row.procedure(parts)]
    return ProofResult(tuple(found))


async def _run(row: Defect, bench: LedgerBench, shapes: Sequence[Shape]) -> AsyncIterator[Judgement]:
    algorithm = bench.good.signer.algorithm
    for specimen in row.specimens(replace(bench.good, now_s=wall())):
        patient = "OK" not in {specimen.expected, *(one.code for one in row.allowed if not one.when)}
        calls = (bench.call(specimen.metadata, kind.name, raw=specimen.local, patient=patient) for kind in shapes)
        for kind, answer in zip(shapes, await asyncio.gather(*calls), strict=True):
            for outcome in judge_answer(row, specimen, kind.name, algorithm, answer, bench.declared):
                yield outcome
    if row.procedure:
        control = await bench.control()
        if control.code != "OK":
            yield Judgement(row.id, "", "procedure", algorithm, "void", f"a good call ended {control.code}")
            return
        async for seen in row.procedure(bench):
            yield judge_observation(row, seen, algorithm, bench.declared)


def _unfit(parts: ClientParts) -> Judgement | None:
    """Return the row that a client's own metadata fails, before anything else can be tried."""
    from harness.defects import bearer
    from harness.endpoint.metadata import sendable

    sent = parts.metadata("token")
    row = ""
    if not sendable(sent):
        row = "META-02"
    elif len(sent) > 1:
        row = "META-23"
    elif sent != bearer("token"):
        row = "META-16" if sent and str(sent[0][1]).startswith("Bearer ") else "META-07"
    if row:
        return Judgement(row, "client", "rehearsal", "", "failed", "the client's own metadata is wrong")
    plain: Any = Rehearsal(parts, Script(duration_s=30)).run()
    if plain.failed:
        return Judgement("OK-01", "client", "rehearsal", "", "failed", f"{plain.failed} calls fail without any trouble")
    return None
