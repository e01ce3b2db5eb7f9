"""Measure how far from their plan faults really begin and end, while calls run.

A real run of 200 calls a second whose timeline has a fault of every environment kind in turn, six
times over. What counts is how far an edge lies from its plan, by the fault's own read-back (the
control port's or the proxy's answer), never by what was asked for. Faults of the call seat have no
edge of their own: each call looks at the plan. The interval is the order-statistic one of the p95.
"""

import sys
from collections import defaultdict

from benchmarks.rig.estimate import exact, quantile
from benchmarks.rig.options import quick
from benchmarks.rig.runs import run
from benchmarks.rig.table import Bound, Line, show
from harness.results.fault_events import AppliedEvent, FailedEvent, UndoneEvent


def main() -> int:
    finished = run("edges_ours", {"ROUNDS": "1" if quick(__doc__) else "6"})
    errors_ms: dict[str, list[float]] = defaultdict(list)
    for event in finished.events:
        if isinstance(event, AppliedEvent | UndoneEvent) and event.plan_s is not None:
            errors_ms[event.fault].append(abs(event.at_s - event.plan_s) * 1e3)
    every = [one for found in errors_ms.values() for one in found]
    failed = sum(isinstance(event, FailedEvent) for event in finished.events)
    return show(
        [
            Line("p95 distance of an edge from its plan", quantile(every, 0.95), "ms", 1, Bound(below=50.0)),
            Line("median distance", quantile(every, 0.5), "ms", 1),
            *(
                Line(f"largest of {fault}", exact(max(found), len(found)), "ms", 1)
                for fault, found in sorted(errors_ms.items())
            ),
            Line("edges that failed", exact(failed), digits=0, bound=Bound(below=0.5)),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
