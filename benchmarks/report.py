"""Measure merge, fold and report of generated calls: time, memory, and the same question put to pandas and duckdb.

Each in a process of its own, all of it timed, with its peak resident memory. Generated runs last half
an hour, whatever their calls, with six methods (`benchmarks/rig/generated.py`). ``--huge`` adds a
hundred million calls: 6 GB of disk and some minutes; ``--long`` ten million over five hours.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks.rig.estimate import exact, median
from benchmarks.rig.generated import Generated
from benchmarks.rig.table import Bound, Line, show
from tests.fakes.run import FakeRun

SIZES = (1_000_000, 10_000_000)
HUGE = 100_000_000
JUDGED = 10_000_000
BOUND_S, BOUND_MB = 15.0, 400.0
TIMES = 3
USUAL_S = Generated.duration_s
LONG_S = 18_000.0
COMPARE_BOUND_S = 2.0

FOLD = """
import sys; from pathlib import Path
from harness.analysis.merge import merged
from harness.analysis.summarise import summarise
from harness.results.run import read_run
run = read_run(Path(sys.argv[1])); summarise(run, merged(run))
"""
PANDAS = """
import sys; import pandas as pd
rows = pd.read_parquet(f"{sys.argv[1]}/calls.parquet")
rows = rows[(rows["kind"] != "FETCH") & (rows["flags"] & 1 == 1)]
rows["second"] = rows["intended_us"] // 1_000_000
rows["response_us"] = rows["lag_us"].astype("int64") + rows["wait_us"] + rows["latency_us"]
rows.groupby(["second", "method"], observed=True)["response_us"].quantile([0.5, 0.99, 0.999])
rows.groupby(["second", "cause"], observed=True).size()
"""
DUCKDB = """
import sys; import duckdb
final = "kind <> 'FETCH' AND flags & 1 = 1"
calls = f"(SELECT *, intended_us // 1000000 AS second FROM '{sys.argv[1]}/calls.parquet' WHERE {final})"
duckdb.sql(
    "SELECT second, method, quantile_cont(lag_us::BIGINT + wait_us + latency_us, [0.5, 0.99, 0.999]) "
    f"FROM {calls} GROUP BY ALL"
).fetchall()
duckdb.sql(f"SELECT second, cause, count(*) FROM {calls} GROUP BY ALL").fetchall()
"""
MAKE = (
    "import sys; from pathlib import Path; from benchmarks.rig.generated import Generated; "
    "Generated(int(sys.argv[2]), float(sys.argv[3])).write(Path(sys.argv[1]))"
)


@dataclass(frozen=True)
class Cost:
    """What a process took."""

    seconds: float
    peak_mb: float


def cost(*command: str) -> Cost:
    """Run a command of ours to its end; raises where it fails."""
    start_s = time.monotonic()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1, 3, 4):  # verdicts of commands
        raise SystemExit(f"{' '.join(command)[:200]} ended with {process.returncode}")
    return Cost(time.monotonic() - start_s, used.ru_maxrss / 1024)


def of_size(rows: int, times: int, folder: Path, duration_s: float = USUAL_S) -> list[Line]:
    """Return the lines of one size: merge, fold and report from the journals on."""
    path = folder / f"{rows}-{duration_s:.0f}" if duration_s != USUAL_S else folder / str(rows)
    # Apart: a fork of this process would bring its memory along.
    cost("-c", MAKE, str(path), str(rows), str(duration_s))
    found = []
    for _ in range(times):
        (path / "calls.parquet").unlink(missing_ok=True)
        found.append(cost("-m", "harness.report", str(path)))
    judged = rows == JUDGED and duration_s == USUAL_S
    in_time, in_memory = (Bound(below=BOUND_S), Bound(below=BOUND_MB)) if judged else (None, None)
    seconds, peak = [one.seconds for one in found], max(one.peak_mb for one in found)
    calls = f"{rows:,} calls" if duration_s == USUAL_S else f"{rows:,} calls in {duration_s / 3600:g} h"
    return [
        Line(f"{calls}: merge, fold and report", exact(max(seconds), times), "s", 1, in_time),
        Line(f"{calls}: peak memory", exact(peak, times), "MB", 0, in_memory),
        Line(f"{calls}: calls.parquet, a row", exact((path / "calls.parquet").stat().st_size / rows), "B", 2),
    ]


def beside(folder: Path, rows: int) -> list[Line]:
    """Return our fold of a merged file beside pandas' plain group-by and duckdb, in turns."""
    scripts = {"fold": FOLD, "pandas' group-by": PANDAS} | ({"duckdb": DUCKDB} if find_spec("duckdb") else {})
    costs: dict[str, list[Cost]] = {name: [] for name in scripts}
    for _ in range(TIMES):
        for name, script in scripts.items():
            costs[name].append(cost("-c", script, str(folder / str(rows))))
    lines = []
    for name, found in costs.items():
        times = [one.seconds / ours.seconds for one, ours in zip(found, costs["fold"], strict=True)]
        lines.append(Line(f"{rows:,} calls, {name}", exact(max(one.seconds for one in found), TIMES), "s", 1))
        lines.append(Line(f"{rows:,} calls, {name}: peak memory", exact(max(one.peak_mb for one in found)), "MB", 0))
        if name != "fold":
            lines.append(Line(f"{name} / fold, time", exact(sorted(times)[len(times) // 2], TIMES), "", 2))
    return lines


def comparing(folder: Path) -> Line:
    """Return what `jwtstorm compare` of two summaries takes, from nothing."""
    for build in ("v1", "v2"):
        path = FakeRun(folder / "expiry-storm" / build / "20261124T000000Z", build=build).write()
        cost("-m", "harness.report", str(path))
    os.environ["REPORTS"] = str(folder)
    found = [cost("-m", "harness.cli", "compare", "v1", "v2").seconds for _ in range(9)]
    return Line("compare of two runs, with its page", median(found), "s", 2, Bound(below=COMPARE_BOUND_S))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="short settings: shows that it works, proves nothing")
    parser.add_argument("--huge", action="store_true", help=f"also {HUGE:,} calls: 6 GB of disk, some minutes")
    parser.add_argument("--long", action="store_true", help=f"only {JUDGED:,} calls in {LONG_S / 3600:g} hours")
    options = parser.parse_args()
    if options.long:
        with tempfile.TemporaryDirectory() as place:
            return show(of_size(JUDGED, 1, Path(place), LONG_S))
    sizes = (100_000,) if options.quick else SIZES
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        lines = [line for rows in sizes for line in of_size(rows, 1 if options.quick else TIMES, folder)]
        lines += beside(folder, sizes[-1])
        lines += [comparing(folder / "reports")]
        if options.huge:
            lines += of_size(HUGE, 1, folder)
    return show(lines, "Times of a size are the slowest of its samples; ratios the median of as many turns.")


if __name__ == "__main__":
    sys.exit(main())
