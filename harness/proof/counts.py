"""The proof in numbers: rows by kinds by algorithms, and what came of them."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence

from harness.defects import ALGORITHMS
from harness.defects.judge import Judgement
from harness.proof.bench import SHAPES
from harness.proof.proof import ProofResult, prove_server
from harness.proof.target import stage


async def prove_target(algorithms: Sequence[str] = tuple(sorted(ALGORITHMS)), zoo: Sequence[str] = ()) -> ProofResult:
    """Run every row in every kind of call with every algorithm against a target in this process.

    The algorithms run side by side, each against a target of its own: most of the time is waiting.
    """

    async def prove(algorithm: str) -> ProofResult:
        async with stage(algorithm, zoo) as bench:
            return await prove_server(bench, SHAPES)

    proofs = await asyncio.gather(*(prove(algorithm) for algorithm in algorithms))
    return ProofResult(tuple(outcome for proof in proofs for outcome in proof.outcomes))


def table(outcomes: Iterable[Judgement]) -> str:
    """Return the counts by algorithm, as text."""
    outcomes = list(outcomes)
    lines = [f"{'algorithm':<10}{'rows':>6}{'answers':>9}{'passed':>8}{'allowed':>9}{'failed':>8}{'void':>6}{'raw':>6}"]
    for algorithm in [*sorted({one.algorithm for one in outcomes}), "all"]:
        mine = [one for one in outcomes if algorithm in ("all", one.algorithm)]
        verdicts = Counter(one.verdict for one in mine)
        counted = [verdicts[name] for name in ("passed", "allowed", "failed", "void")]
        numbers = [len({one.row for one in mine}), len(mine), *counted, sum(one.local for one in mine)]
        widths = (6, 9, 8, 9, 8, 6, 6)
        lines.append(f"{algorithm:<10}" + "".join(f"{n:>{w}}" for n, w in zip(numbers, widths, strict=True)))
    return "\n".join(lines)
