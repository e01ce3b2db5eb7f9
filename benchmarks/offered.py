"""Measure whether the planned load is the offered load, when each call takes a tenth of a second.

200 calls a second on the lab's target with ``work_s=0.1``: a real run of ours (open model), and 20
users of Locust's own pattern who wait `poisson(10)` (200 a second, were it not for the service
time). Each whole second of the run is one sample of the rate at which calls really left; the first
three seconds of the stock run are left out, as ours has a warm-up.
"""

import sys

import numpy as np
import numpy.typing as npt

from benchmarks.rig.estimate import Estimate, exact, median
from benchmarks.rig.ground import lab_ground
from benchmarks.rig.options import quick
from benchmarks.rig.runs import Finished, locust, run
from benchmarks.rig.table import Bound, Line, show
from harness.results.row import RowKind

PER_S = 200.0
Times = npt.NDArray[np.float64]
WITHIN = Bound(at_least=0.99, below=1.01)


def rate(starts_s: Times, seconds: int) -> Estimate:
    """Estimate the median number of starts in a second, as a share of the plan."""
    counts = np.bincount(np.floor(starts_s).astype(int)[(starts_s >= 0) & (starts_s < seconds)], minlength=seconds)
    return median([float(count) / PER_S for count in counts])


def left_s(finished: Finished) -> Times:
    """Return when each planned call really left, in seconds from zero."""
    rows = finished.finals()
    rows = rows[rows["kind"] == RowKind.CALL]
    late_us = rows["lag_us"].astype(np.int64) + rows["wait_us"]
    found: Times = (rows["intended_ns"] - (finished.run.zero_ns or 0)) / 1e9 + late_us / 1e6
    return found


def main() -> int:
    seconds = 8 if quick(__doc__) else 20
    with lab_ground(work_s=0.1) as (ground, _):
        finished = run("offered_ours", {**ground.environ(), "DURATION_S": str(seconds)})
        said = locust("offered_stock", ground.environ(), "-u", "20", "-r", "20", "-t", f"{seconds + 3}s")
    starts_s = np.array([float(line.split()[1]) for line in said if line.startswith("start ")])
    sent, rows = left_s(finished), finished.finals()
    total = (sent.size / (PER_S * seconds)) if sent.size else 0.0
    ours = rate(sent, seconds)
    lags_ms = sorted(float(one) / 1e3 for one in rows["lag_us"])
    p99_ms = lags_ms[int(len(lags_ms) * 0.99)]
    return show(
        [
            Line("ours: calls that left in a second / planned", ours, digits=4, bound=WITHIN),
            Line("ours: calls sent in the whole run / planned", exact(total), digits=4, bound=WITHIN),
            Line("ours: planned calls not sent", exact(float((rows["kind"] == RowKind.NOT_SENT).sum())), digits=0),
            Line("ours: p99 schedule lag", exact(p99_ms), "ms", 2),
            Line("stock with `poisson(10)`: the same", rate(starts_s - starts_s[0] - 3, seconds - 1), digits=4),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
