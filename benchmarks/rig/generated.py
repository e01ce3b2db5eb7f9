"""Generated runs: journals of as many calls as one likes, written by numpy at several million rows a second.

Half an hour of calls to six methods: a level that drifts, a tail of one call in fifty, a fault window
in which one call in ten fails, and two moments at which all tokens die. The rows are those of
`harness.results.row`, so that merge and fold read them as they read a real run's.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from harness.results.call_journal import Header, journal_path, names_path
from harness.results.call_journal_reader import ROW_TYPE
from harness.results.row import NO_LIFE, Cause, Flag, Origin, RowKind
from tests.fakes.run import STEPS, ZERO_NS, FakeRun

METHODS = [f"jwtstorm.lab.v1.Ledger/{name}" for name in ("GetBalance", "Transfer", "List", "Watch", "Upload", "Chat")]
SHARES = (0.5, 0.2, 0.15, 0.08, 0.05, 0.02)
WARM_UP_S = 10
AT_ONCE = 1 << 20
FETCHES = 100
"""Every so many rows one is a token fetch."""


@dataclass(frozen=True)
class Generated:
    """A run of ``rows`` rows in ``duration_s``, by two workers."""

    rows: int
    duration_s: float = 1790.0
    workers: int = 2
    seed: int = 7

    def write(self, path: Path) -> Path:
        """Write the run's folder."""
        each = self.rows // self.workers
        promises = [{"worker": worker, "rows": each, "planned": None} for worker in range(self.workers)]
        fake = FakeRun(path, workers=0, duration_s=self.duration_s, warm_up_s=WARM_UP_S, steps=STEPS, checks=())
        per_s = self.rows / (self.duration_s + WARM_UP_S)
        load = {"model": "open", "per_s": per_s, "to_per_s": per_s, "warm_up_s": WARM_UP_S, "max_users": 100}
        fake.run = {"workers": promises, "load": load}
        fake.write()
        for worker in range(self.workers):
            self._write_worker(path, worker, each)
        return path

    def _write_worker(self, path: Path, worker: int, rows: int) -> None:
        dice = np.random.default_rng([self.seed, worker])
        names_path(path, worker).write_text(json.dumps(["token", *METHODS]))
        with journal_path(path, worker).open("wb") as file:
            file.write(Header(worker, ZERO_NS).pack())
            for start in range(0, rows, AT_ONCE):
                self._piece(dice, start, min(AT_ONCE, rows - start), rows).tofile(file)

    def _piece(self, dice: np.random.Generator, start: int, size: int, rows: int) -> npt.NDArray[Any]:
        """Return rows ``start`` to ``start + size`` of a worker, in the order of their intended starts."""
        places = np.arange(start, start + size)
        due = np.sort(places + dice.normal(0, 100, size)).clip(0, rows - 1)
        at_s = due / rows * (self.duration_s + WARM_UP_S) - WARM_UP_S
        level = 1 + 0.1 * np.sin(at_s / 60)
        service_us = 1e6 * np.exp(dice.normal(-5.6, 0.3, size)) * level
        slow = dice.random(size) < 0.02
        service_us[slow] *= 1 + dice.pareto(2.5, int(slow.sum()))
        hurt = (at_s >= 30) & (at_s < 45)
        dead = hurt & (dice.random(size) < 0.1)
        fetch = places % FETCHES == 0
        piece = np.zeros(size, ROW_TYPE)
        piece["intended_ns"] = ZERO_NS + (at_s * 1e9).astype(np.int64)
        piece["call_id"] = np.where(fetch, -1, places)
        piece["lag_us"] = np.where(fetch, 0, dice.exponential(300, size))
        piece["wait_us"] = np.where(hurt & ~fetch, dice.exponential(20_000, size), 0)
        piece["latency_us"] = np.minimum(service_us, 2e6)
        piece["life_ms"] = np.where(fetch, NO_LIFE, 30_000 - places * 30_000 // rows % 25_000)
        piece["messages"] = 1
        piece["kind"] = np.where(fetch, RowKind.FETCH, RowKind.CALL)
        piece["flags"] = int(Flag.FINAL) | int(Flag.PLANNED) | int(Flag.MARK)
        piece["method"] = np.where(fetch, 0, 1 + dice.choice(len(METHODS), size, p=SHARES))
        piece["code"] = np.where(fetch, -1, np.where(dead, 16, 0))
        piece["origin"] = np.where(dead & ~fetch, Origin.VERIFIER, Origin.NONE)
        piece["cause"] = np.where(dead & ~fetch, Cause.EXPIRED, Cause.OK)
        return piece
