"""Measure what a duel's page costs: ten pairs of two minutes, drawn in a process of its own.

The runs are seeded and generated; what is timed is reading all of them, seven pictures with their
CSV, and the page, imports included.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.rig.estimate import median
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from tests.report.duel.fake_duel import fake_duel

DRAW = (
    "import sys; from pathlib import Path; from harness.comparison.result import read_duel; "
    "from harness.report.duel.page import write_duel_page; folder = Path(sys.argv[1]); "
    "write_duel_page(folder, read_duel(folder))"
)
BOUND_S = 10.0


def main() -> int:
    short = quick(__doc__)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        changed = {"slowness": 1.1, "failing": 0.01}
        fake_duel(folder, 2 if short else 10, new=changed, duration_s=20.0 if short else 120.0)
        times = [_draw(folder) for _ in range(1 if short else 6)]
    return show([Line("page of ten pairs of 120 s", median(times), "s", 2, Bound(below=BOUND_S))])


def _draw(folder: Path) -> float:
    start_s = time.monotonic()
    subprocess.run([sys.executable, "-c", DRAW, str(folder)], check=True, timeout=300)
    return time.monotonic() - start_s


if __name__ == "__main__":
    sys.exit(main())
