"""Measure whether memory stays flat over ten million declared calls: tokens renewed, every row on disk.

The fast target of `make peers` (needs Go) on a core of its own, fifty users, as fast as they can. What is
compared is the resident memory of the generator after a tenth of the calls and after all of them.
"""

import sys
import time

import psutil

from benchmarks.peers.arena import BIN, arena
from benchmarks.peers.bout import Playing
from benchmarks.peers.tools import TOOLS, Load
from benchmarks.rig.estimate import exact
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show

TOOL = "ours, declared"
CALLS, QUICK_CALLS = 10_000_000, 300_000
LONGEST_S = 1200.0


def grown(calls: int) -> tuple[float, float, int]:
    """Return the generator's memory in MB after a tenth of so many calls and after all, and how many were made."""
    with arena() as (ground, target):
        before = target.calls()
        playing = Playing(TOOLS[TOOL](ground), Load(LONGEST_S))
        try:
            sizes = []
            for share in (0.1, 1.0):
                while target.calls() - before < share * calls:
                    time.sleep(0.2)
                sizes.append(psutil.Process(playing.pid).memory_info().rss / 1e6)
            return sizes[0], sizes[1], target.calls() - before
        finally:
            playing.kill()
            playing.close()


def main() -> int:
    why = TOOLS[TOOL].absent() or (None if (BIN / "target").exists() else "the fast target is not built: make peers")
    if why:
        print(f"left out: {why}")
        return 0
    early_mb, late_mb, made = grown(QUICK_CALLS if quick(__doc__) else CALLS)
    return show(
        [
            Line("calls made", exact(made, made), digits=0),
            Line("memory after a tenth of them", exact(early_mb, made), "MB", 1),
            Line("memory after all", exact(late_mb, made), "MB", 1),
            Line("the latter / the former", exact(late_mb / early_mb, made), digits=3, bound=Bound(below=1.1)),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
