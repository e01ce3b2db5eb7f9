"""Prove the lab's target: ``python -m harness.proof``; exit 1 where a row fails."""

import asyncio
import logging
import sys

from harness.proof.counts import prove_target, table


def main() -> int:
    """Run the proof, print what failed and the counts."""
    logging.disable(logging.WARNING)  # the rows that take the key set away fill the log
    proof = asyncio.run(prove_target())
    wrong = [one for one in proof.outcomes if one.verdict in {"failed", "void"}]
    for one in wrong:
        sys.stdout.write(f"{one.verdict} {one.row} {one.variant} ({one.shape}, {one.algorithm}): {one.text}\n")
    sys.stdout.write(f"{table(proof.outcomes)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
