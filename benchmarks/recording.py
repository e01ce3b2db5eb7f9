"""Measure what recording costs: a row in the journal, and all that a worker notes of a call.

Blocks of calls of the same function, timed whole; the median block, with the sign test's interval.
`Recording.attempt` counts outcome, method and sample of the trace besides the row; "with the live
page" also brings Locust's statistics up to date, in batches of ten thousand or event by event, as
any Locust user does and as ours do where somebody else listens.
"""

from locust import stats  # first: it patches sockets before grpc loads
from locust.env import Environment

# isort: split
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

from benchmarks.rig.estimate import Estimate, median
from benchmarks.rig.options import quick
from benchmarks.rig.table import Bound, Line, show
from harness.calls.channel import Arrival, Attempt
from harness.locust_adapter.live_stats import LiveTally
from harness.results.call_journal import Journal
from harness.worker.recorder import Recording

BLOCK = 5_000
BATCH = 10_000


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


def note_attempt(folder: Path, place: int, live: str = "") -> Callable[[], object]:
    """Return a call that notes one good attempt; ``live`` is how the page hears of it, if at all."""
    environment = Environment()
    environment.create_local_runner()
    tally = LiveTally(environment, stats)
    page = tally.watchers(print)
    silent = replace(page, on_call=lambda _: None)
    recording = Recording(folder, place, page if live else silent)
    now_ns = time.monotonic_ns()
    attempt = Attempt(Arrival(7, now_ns, now_ns), 0, 0, "/ledger/GetBalance", now_ns, now_ns + 5_000_000)
    if live == "batches":
        tally.begin()
        assert tally.batching, "Locust's own listener must be alone here"
    turn = count(1)

    def note() -> None:
        recording.attempt(attempt, final=True)
        if next(turn) % BATCH == 0:
            tally.fold()

    return note


def _with_the_page(how: str, took: Estimate) -> Line:
    return Line(f"Recording.attempt, live page {how}", took, "µs")


def main() -> int:
    blocks = 15 if quick(__doc__) else 200
    with tempfile.TemporaryDirectory() as path:
        folder = Path(path)
        code = show(
            [
                Line("Journal.add", timed(add_row(folder), blocks), "µs", 3, Bound(below=1.5)),
                Line("Recording.attempt", timed(note_attempt(folder, 0), blocks), "µs"),
                _with_the_page("in batches", timed(note_attempt(folder, 1, "batches"), blocks)),
                _with_the_page("by events", timed(note_attempt(folder, 2, "events"), blocks)),
            ],
            "What the whole harness adds to a call is in the table of throughput.",
        )
    sys.stdout.flush()
    os._exit(code)  # the runner's greenlets are of no more use


if __name__ == "__main__":
    sys.exit(main())
