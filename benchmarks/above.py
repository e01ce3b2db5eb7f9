"""Measure what a whole call costs above the transport: users, tokens, deadline, rows, trace and live page.

A transport that carries nothing (`benchmarks/rig/nothing`) stands in the native one's place, under the
same whole run that throughput measures. What it makes is the most that plain users can make on any transport.
"""

import sys
import tempfile
from pathlib import Path

from benchmarks.rig.estimate import median
from benchmarks.rig.ground import plain_ground
from benchmarks.rig.options import quick
from benchmarks.rig.table import Line, show
from benchmarks.rig.turns import SERVER_CPU, Player, Score
from benchmarks.throughput import GENERATORS

NOTHING = Path(__file__).parent / "rig" / "nothing"


def play(turns: int, for_s: float) -> list[Score]:
    """Let the run take turns alone; the first warms up and does not count."""
    path = f"{NOTHING}:{Path.cwd()}"
    with plain_ground(cpu=SERVER_CPU) as (ground, _), tempfile.TemporaryDirectory() as reports:
        environ = {**ground.environ(), "REPORTS": reports, "BUILD": "bench", "PYTHONPATH": path}
        with Player(GENERATORS["ours"], {**environ, "JWTSTORM_TRANSPORT": "native"}) as player:
            player.await_ready()
            return [player.take(for_s) for _ in range(turns + 1)][1:]


def main() -> int:
    scores = play(*((4, 0.5) if quick(__doc__) else (24, 1.0)))
    return show(
        [
            Line("CPU time of a call above the transport", median([one.cpu_us for one in scores]), "µs", 1),
            Line("calls per CPU second, at most", median([one.per_cpu_s for one in scores]), digits=0),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
