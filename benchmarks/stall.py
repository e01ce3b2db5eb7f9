"""Measure whether the p99 response time tells a stall of 2 s once a minute as the plan says it must.

100 calls a second for a minute on the lab's target (5 ms of work), which holds every answer back
for 2 s in the middle. A call due d seconds before the stall's end must take at least d; all others
take their work. The p99 of these computed times is the truth; the value is the measured p99 over
it, its interval from ten interleaved tenths of the calls (every tenth call), each compared with its
own truth. A shorter run with ten users, who cannot have all calls in flight, shows what service times
hide: ten slow ones, where two hundred calls waited.
"""

import sys
import time

import numpy as np
import numpy.typing as npt

from benchmarks.rig.estimate import Estimate, exact, median
from benchmarks.rig.ground import lab_ground
from benchmarks.rig.options import quick
from benchmarks.rig.runs import Rows, started
from benchmarks.rig.table import Bound, Line, show

WORK_S, STALL_S = 0.005, 2.0
PARTS = 10
Times = npt.NDArray[np.float64]


def stalled(users: int, seconds: float) -> tuple[Rows, int, int]:
    """Run with one stall in the middle; return the good rows, and when the stall began and ended (ns)."""
    with lab_ground(WORK_S) as (ground, lab):
        more = {"DURATION_S": f"{seconds:g}", "USERS": str(users)}
        with started("stall_ours", {**ground.environ(), **more}) as running:
            wait_s = running.await_zero() / 1e9 + seconds / 2 - time.monotonic()
            time.sleep(max(0.0, wait_s))
            assert lab.target
            stall = lab.target.stall(STALL_S)
            rows = running.finished().good("GetBalance")
    return np.sort(rows, order="intended_ns"), stall["at_ns"], stall["until_ns"]


def truth_s(due_ns: npt.NDArray[np.int64], from_ns: int, until_ns: int) -> Times:
    """Return the response time that the plan gives each call: until the stall's end, where it was caught."""
    ready_ns = due_ns + round(WORK_S * 1e9)
    caught = (ready_ns >= from_ns) & (ready_ns < until_ns)
    found: Times = np.where(caught, until_ns - due_ns, ready_ns - due_ns) / 1e9
    return found


def measured_s(rows: Rows, *fields: str) -> Times:
    """Return the sum of some of a row's times."""
    found: Times = np.sum([rows[field].astype(np.float64) for field in fields], axis=0) / 1e6
    return found


def p99(times: Times) -> float:
    """Return the 99th percentile."""
    return float(np.quantile(times, 0.99))


def main() -> int:
    seconds = 12.0 if quick(__doc__) else 60.0
    rows, from_ns, until_ns = stalled(250, seconds)
    told, truth = measured_s(rows, "lag_us", "wait_us", "latency_us"), truth_s(rows["intended_ns"], from_ns, until_ns)
    tenths = median([p99(told[part::PARTS]) / p99(truth[part::PARTS]) for part in range(PARTS)])
    ratio = Estimate(p99(told) / p99(truth), tenths.low, tenths.high, tenths.samples)
    few, _, _ = stalled(10, min(seconds, 20.0))
    few_told, few_hidden = measured_s(few, "lag_us", "wait_us", "latency_us"), measured_s(few, "latency_us")
    return show(
        [
            Line("p99 response time / computed from the plan", ratio, digits=3, bound=Bound(0.95, 1.05)),
            _line("computed from the plan: p99 response time", truth),
            _line("measured: p99 response time", told),
            _line("ten users: p99 response time", few_told),
            _line("ten users: p99 service time (coordinated omission)", few_hidden),
        ]
    )


def _line(what: str, times: Times) -> Line:
    return Line(what, exact(p99(times), len(times)), "s", 3)


if __name__ == "__main__":
    sys.exit(main())
