"""Count what the probe finds in every server of the zoo, and in the right ones."""

import asyncio
import logging

from benchmarks.rig.options import quick
from harness.defects import ALGORITHMS
from harness.lab import zoo
from harness.proof.probed import page, probe_target, probe_zoo


async def table(names: list[str]) -> tuple[str, bool]:
    right = [await probe_target(algorithm) for algorithm in sorted(ALGORITHMS)]
    animals = await probe_zoo(names)
    missed = [one for one in animals if one.animal and not one.animal.unseen and not (one.seen or one.seen_in_hand)]
    alarms = [one for one in right if one.seen or one.seen_in_hand]
    return page(right, animals), not missed and not alarms


def main() -> int:
    names = zoo.names("servers")[:4] if quick(__doc__) else zoo.names("servers")
    logging.disable(logging.CRITICAL)  # animals crash, and their key sets fail: that is their work
    text, holds = asyncio.run(table(names))
    print(text)
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
