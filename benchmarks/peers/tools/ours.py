"""Ours: a whole run of plain users, with arrivals, tokens renewed every five seconds, rows, trace and live page."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import mkdtemp
from typing import ClassVar

import numpy as np

from benchmarks.peers.tools import Load, Reading, Tool
from harness.results.call_journal import workers
from harness.results.call_journal_reader import JournalReader
from harness.results.row import Cause, Flag, RowKind
from harness.results.run import read_run
from harness.transport.choice import GRPCIO, NATIVE, native_version

LOADS = Path("benchmarks/loads")
_ALL = 1 << 30


class _Ours(Tool):
    """Fifty users on one connection; response time, from the intended start."""

    transport: ClassVar[str] = GRPCIO
    file: ClassVar[str] = "peers_ours.py"
    killed = True

    def command(self, load: Load) -> Sequence[str | Path]:
        """Return how it is started: a plain locustfile."""
        del load
        return [sys.executable, "-m", "locust", "-f", str(LOADS / self.file), "--headless", "--only-summary"]

    def environ(self, load: Load) -> Mapping[str, str]:
        """Return the arena, the load, and where the run goes."""
        self._reports = Path(mkdtemp(prefix="run-", dir=self.arena.token_file.parent))
        return {
            **self.arena.environ(),
            "PEER_FOR_S": f"{load.for_s:g}",
            "PEER_PER_S": f"{load.per_s:g}",
            "JWTSTORM_TRANSPORT": self.transport,
            "REPORTS": str(self._reports),
            "BUILD": "peers",
            "PYTHONPATH": str(Path.cwd()),
        }

    def reading(self, output: str) -> Reading:
        """Return what the rows on disk say, from the end of the warm-up."""
        run = next((path.parent for path in self._reports.glob("*/*/*/run.json")), None)
        if run is None:
            raise ValueError(f"it left no run: {output[-300:]}")
        rows = np.concatenate([JournalReader.open(run, worker).take(_ALL) for worker in workers(run)])
        after = rows[rows["intended_ns"] >= (read_run(run).zero_ns or 0)]
        final = after[((after["flags"] & Flag.FINAL) > 0) & (after["kind"] != RowKind.FETCH)]
        good = final[(final["cause"] == Cause.OK)]
        if not len(good):
            raise ValueError(f"no call was good: {output[-300:]}")
        times_us = good["lag_us"].astype(np.int64) + good["wait_us"] + good["latency_us"]
        p50_us, p99_us = np.quantile(times_us, (0.5, 0.99))
        return Reading(len(final), len(final) - len(good), p50_us / 1e6, p99_us / 1e6)


class OursOnGrpcio(_Ours):
    """Plain users on grpcio."""

    name = "ours, grpcio"
    transport = GRPCIO
    at_half_load = False


class OursOnNative(_Ours):
    """Plain users on the native transport."""

    name = "ours, native"
    transport = NATIVE

    @classmethod
    def absent(cls) -> str | None:
        """Return why it cannot take part."""
        return None if native_version() else "the native transport is not installed: make transport"


class OursDeclared(OursOnNative):
    """Users whose calls are declared: the native transport makes them by itself."""

    name = "ours, declared"
    file = "peers_declared.py"
    remark = "*Ours, declared*: the scenario names its call (`calls=`), and the native transport makes it by itself."
