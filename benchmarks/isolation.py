"""Measure whether 20 users on a method of 2 s make 5 users on one of 5 ms look slow.

Closed load, 12 s, each generator in a process of its own, one after the other. Service times of the
fast method; the interval of a percentile is the order-statistic one, over all calls of the run.
"""

import sys

from benchmarks.rig.estimate import Estimate, quantile
from benchmarks.rig.ground import plain_ground
from benchmarks.rig.options import quick
from benchmarks.rig.runs import locust, run
from benchmarks.rig.table import Bound, Line, show


def ours_ms() -> list[float]:
    """Return the fast service times that our users recorded, in ms."""
    with plain_ground(fast_s=0.005, slow_s=2.0) as (ground, _):
        rows = run("mixed_ours", ground.environ()).good("GetBalance")
    return [float(one) / 1e3 for one in rows["latency_us"]]


def stock_ms(for_s: float) -> list[float]:
    """Return the fast service times that Locust's own pattern told Locust, in ms."""
    with plain_ground(fast_s=0.005, slow_s=2.0) as (ground, _):
        said = locust("mixed_stock", ground.environ(), "-u", "25", "-r", "25", "-t", f"{for_s:g}s")
    return [float(line.split()[1]) for line in said if line.startswith("fast ")]


def main() -> int:
    stock = stock_ms(5.0 if quick(__doc__) else 12.0)
    ours = ours_ms()

    def line(who: str, times_ms: list[float], share: float, bound: Bound | None = None) -> Line:
        found: Estimate = quantile(times_ms, share)
        return Line(f"{who}: p{share * 100:g} service time of the fast method", found, "ms", 1, bound)

    return show(
        [
            line("ours", ours, 0.5),
            line("ours", ours, 0.99, Bound(below=50.0)),
            line("stock", stock, 0.5),
            line("stock", stock, 0.99),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
