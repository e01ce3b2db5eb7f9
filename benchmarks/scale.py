"""Measure whether two and four workers make calls in proportion, forked and as separate hosts, with no row lost.

Every worker gets the same rate, so that a host with few cores can say something, too: what must hold
is that all planned calls were made and their rows are there, and that a call costs as much CPU
time as with one worker. Hosts are network namespaces, whose workers ship their rows to the master;
where those are not permitted, the page says so.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from benchmarks.rig import namespaces
from benchmarks.rig.estimate import exact
from benchmarks.rig.ground import Ground, plain_ground
from benchmarks.rig.options import quick
from benchmarks.rig.runs import LOADS, Finished, Running
from benchmarks.rig.table import Bound, Line, show
from harness.protocol.file_shipping import FORCE
from harness.results.row import Cause, Flag, RowKind

PER_S = float(os.environ.get("SCALE_PER_S", "400"))
"""Calls a second of each worker; a host with many cores can take more."""
COUNTS = (1, 2, 4)
_EDGE_S = 0.5
"""The window in which CPU time is counted keeps so far from both ends of the load."""


@dataclass(frozen=True)
class Made:
    """What one crew made: every planned call has a row, or it is lost."""

    workers: int
    planned: int
    good: int
    lost: int
    lag_p99_s: float
    cpu_us: float
    """CPU time of all its processes for each call."""
    master_cpu_share: float
    """CPU time of the master alone, as a share of the time."""
    remote: int


def crew(ground: Ground, workers: int, for_s: float, *, apart: bool) -> Made:
    """Run a crew: workers forked by one process, or a master and each worker on a host of its own."""
    environ = {**ground.environ(), "WORKERS": str(workers), "PER_S": f"{PER_S:g}", "FOR_S": f"{for_s:g}"}
    with TemporaryDirectory() as folder, (_apart if apart else _forked)(Path(folder), environ, workers) as running:
        zero_s = running.await_zero() / 1e9
        _sleep_until(zero_s + _EDGE_S)
        before, start_ns = _cpu_s(), time.monotonic_ns()
        _sleep_until(zero_s + for_s - _EDGE_S)
        after, end_ns = _cpu_s(), time.monotonic_ns()
        spent_s = after[0] - before[0], after[1] - before[1]
        return _made(running.finished(), spent_s, (start_ns, end_ns))


def _made(done: Finished, cpu_s: tuple[float, float], window_ns: tuple[int, int]) -> Made:
    """Count over the whole run, warm-up included: a remote clock may put an arrival on the other side of zero."""
    rows, promises = np.concatenate(list(done.rows.values())), done.run.data["workers"]
    finals = rows[((rows["flags"] & Flag.FINAL) > 0) & (rows["kind"] != RowKind.FETCH)]
    good = finals[finals["cause"] == Cause.OK]
    inside = (good["intended_ns"] >= window_ns[0]) & (good["intended_ns"] < window_ns[1])
    promised, planned = (sum(int(one[name]) for one in promises) for name in ("rows", "planned"))
    lost = sum(int(one["lost"]) for one in promises) + promised - len(rows)
    return Made(
        workers=len(promises),
        planned=planned,
        good=len(good),
        lost=lost + planned - len(np.unique(finals["call_id"])),
        lag_p99_s=float(np.quantile(finals["lag_us"], 0.99)) / 1e6,
        cpu_us=cpu_s[0] / max(int(inside.sum()), 1) * 1e6,
        master_cpu_share=cpu_s[1] / (window_ns[1] - window_ns[0]) * 1e9,
        remote=sum(bool(one.get("remote")) for one in promises),
    )


@contextmanager
def _forked(folder: Path, environ: Mapping[str, str], workers: int) -> Iterator[Running]:
    split = ("--processes", str(workers)) if workers > 1 else ()
    command = [sys.executable, "-m", "harness.cli", "run", str(LOADS / "scale_ours.py"), "--headless", *split]
    with ExitStack() as ends:
        yield _started(ends, folder, command, environ)


@contextmanager
def _apart(folder: Path, environ: Mapping[str, str], workers: int) -> Iterator[Running]:
    """Start a master on host 0 and a worker on each of the others."""
    master = namespaces.address(0)
    locust = [sys.executable, "-m", "locust", "-f", str(LOADS / "scale_ours.py")]
    waits = ("--headless", "--only-summary", "--master", "--expect-workers", str(workers))
    with ExitStack() as ends:
        ends.enter_context(namespaces.hosts(workers + 1))
        allowed = ("--master-bind-host", master, "--allow-target", namespaces.HERE)
        running = _started(ends, folder, [*namespaces.inside(0), *locust, *waits, *allowed], environ)
        for host in range(1, workers + 1):
            command = [*namespaces.inside(host), *locust, "--worker", "--master-host", master]
            _started(ends, folder / str(host), command, {**environ, FORCE: "1"})
        yield running


def _started(ends: ExitStack, folder: Path, command: Sequence[str], environ: Mapping[str, str]) -> Running:
    folder.mkdir(exist_ok=True)
    reports, log = folder / "reports", folder / "output.log"
    kept = {name: value for name, value in os.environ.items() if name != "TOXIPROXY_URL"}
    root = {"PYTHONPATH": str(LOADS.parent.parent), "REPORTS": str(reports), "BUILD": "b"}
    process = subprocess.Popen(
        command,
        env={**kept, **root, **environ},
        stdin=subprocess.DEVNULL,
        stdout=ends.enter_context(log.open("wb")),
        stderr=subprocess.STDOUT,
    )
    ends.callback(_end, process)
    return Running(process, reports, log)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _cpu_s() -> tuple[float, float]:
    """Return the CPU time of all generator processes below this one, and that of a master among them; no target's."""
    whole = master = 0.0
    for child in psutil.Process().children(recursive=True):
        try:
            command, times = child.cmdline(), child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        if any("scale_ours" in word for word in command):
            whole += times.user + times.system
            master += (times.user + times.system) if "--master" in command else 0.0
    return whole, master


def _sleep_until(at_s: float) -> None:
    time.sleep(max(at_s - time.monotonic(), 0.0))


def lines(where: str, made: Sequence[Made]) -> list[Line]:
    """Return the table of crews in one place; the first has one worker."""
    found = []
    for one in made:
        what = f"{where}, {one.workers} worker{'s' if one.workers > 1 else ''}"
        found += [
            Line(
                f"{what}: good calls / planned", exact(one.good / one.planned, one.planned), "", 4, Bound(0.999, 1.001)
            ),
            Line(f"{what}: rows lost", exact(one.lost), "", 0, Bound(below=0.5)),
            Line(f"{what}: p99 schedule lag", exact(one.lag_p99_s * 1e3), "ms"),
            Line(f"{what}: CPU time of a call", exact(one.cpu_us), "µs", 0),
        ]
        if where == "hosts":
            found.append(Line(f"{what}: workers that shipped", exact(one.remote), "", 0, Bound(one.workers)))
            found.append(Line(f"{what}: the master's share of a core", exact(one.master_cpu_share * 100), "%", 1))
        if one is not made[0]:
            ratio = made[0].cpu_us / one.cpu_us
            found.append(Line(f"{what}: calls per CPU second / those of one worker", exact(ratio), "", 2, Bound(0.75)))
    return found


def main() -> int:
    for_s, counts = (4.0, COUNTS[:2]) if quick(__doc__) else (15.0, COUNTS)
    with plain_ground() as (ground, _):
        table = lines("forked", [crew(ground, count, for_s, apart=False) for count in counts])
    why_not = namespaces.refusal()
    if why_not is None:
        with namespaces.bridged(), plain_ground(host=namespaces.HERE) as (ground, _):
            table += lines("hosts", [crew(ground, count, for_s, apart=True) for count in counts])
    told = f"No hosts were made: {why_not}." if why_not else "Hosts are network namespaces; their workers shipped rows."
    cores = f"{os.cpu_count()} cores; {PER_S:g} calls a second of each worker for {for_s:g} s."
    return show(table, f"{cores} {told}")


if __name__ == "__main__":
    sys.exit(main())
