"""Measure what recording costs: a row in the journal, and all that a worker notes of a call.

Blocks of calls of the same function, timed whole; the median block, with the sign test's interval.
`Worker.attempt` counts outcome, method and sample of the trace besides the row; "with the live
page" also fires Locust's request event with its statistics, as any Locust user does.
"""

from locust.env import Environment  # first: it patches sockets before grpc loads

# isort: split
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.rig.estimate import Estimate, median
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from harness import Scenario, Tokens, closed_users
from harness.auth.channel import Arrival, Attempt
from harness.auth.sources import TokenFile
from harness.calls import Journal
from harness.livepage import watchers
from harness.worker import Begin, Watchers, Worker

BLOCK = 5_000


def timed(call: Callable[[], object], blocks: int) -> Estimate:
    """Estimate the microseconds of one call; the loop's own are taken off."""
    samples = []
    for _ in range(blocks):
        start, turns = time.perf_counter(), range(BLOCK)
        for _ in turns:
            call()
        called = time.perf_counter()
        for _ in turns:
            pass
        samples.append((2 * called - start - time.perf_counter()) / BLOCK * 1e6)
    return median(samples)


def add_row(folder: Path) -> Callable[[], object]:
    """Return a call that adds one row."""
    journal = Journal(folder, 9)
    now_ns = time.monotonic_ns()
    return lambda: journal.add(now_ns, 7, 12, 3, 5000, 300_000, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0)


def note_attempt(folder: Path, *, live: bool) -> Callable[[], object]:
    """Return a call that notes one good attempt in a worker."""
    environment = Environment()
    environment.create_local_runner()
    page = watchers(environment.events.request.fire, print)
    (folder / "token").touch()  # never read: no call is made
    token_file = TokenFile(folder / "token")
    scenario = Scenario(load=closed_users(1, 60), tokens=Tokens(), target="127.0.0.1:1", issuer=token_file)
    begin = Begin(str(folder), int(live), 1, 1, "127.0.0.1:1", scenario.fingerprint())
    silent = Watchers(lambda _: None, page.on_fetch, page.on_error)
    worker = Worker(scenario, begin, page if live else silent)
    now_ns = time.monotonic_ns()
    attempt = Attempt(Arrival(7, now_ns, now_ns), 0, 0, "/ledger/GetBalance", now_ns, now_ns + 5_000_000)
    return lambda: worker.attempt(attempt, final=True)


def main() -> int:
    blocks = 15 if quick(__doc__) else 200
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        code = show(
            [
                Line("Journal.add", timed(add_row(folder), blocks), "µs", 3, Bound(below=1.5)),
                Line("Worker.attempt", timed(note_attempt(folder, live=False), blocks), "µs"),
                Line("Worker.attempt with the live page", timed(note_attempt(folder, live=True), blocks), "µs"),
            ],
            "What the whole harness adds to a call is in the table of throughput.",
        )
    sys.stdout.flush()
    os._exit(code)  # the workers' greenlets and channels are of no more use


if __name__ == "__main__":
    sys.exit(main())
