"""Real comparisons: whole duels of the bundled target, by ``jwtstorm duel`` itself, each in a folder of its own."""

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.comparison import result
from harness.experiments.duel import ledger

SCENARIO = Path(__file__).with_name("brief_storm.py")
KINDS = {
    "A/A": "lab",
    "p99 +10 %": "lab:work_s=0.22",
    "failed +1 point": "lab:zoo=loses-its-keys-now-and-then",
}
"""The candidate of each kind of comparison; the baseline is always ``lab``."""
NAMES = ("aa", "slower", "failing")
"""The kinds, as folders are named."""
POLL_S = 0.5
SETTLED = (0, 1, 3, 4)
"""Exit codes of a duel that came to an end."""


@dataclass(frozen=True)
class Comparison:
    """One duel of the experiment: which kind, and the how manieth of it (from 1)."""

    kind: str
    number: int
    seed: int
    """Of its coin."""
    folder: Path

    @property
    def name(self) -> str:
        """Return what its folder is called."""
        return f"{NAMES[list(KINDS).index(self.kind)]}-{self.number:02}"

    @property
    def duel(self) -> Path | None:
        """Return the folder of its duel, where it was begun."""
        found = sorted(self._reports.glob(f"duels/*/*/{ledger.NAME}"))
        return found[0].parent if found else None

    @property
    def settled(self) -> Mapping[str, Any] | None:
        """Return its result, where it came to its end."""
        file = self.duel / result.NAME if self.duel else None
        if file is None or not file.exists():
            return None
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return None if found["state"] == "interrupted" else found

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin its duel, or carry it on; what it says is kept beside it."""
        self._reports.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "harness.cli", "duel"]
        if self.duel:
            command += ["--resume", str(self.duel)]
        else:
            command += ["lab", KINDS[self.kind], "--scenario", str(SCENARIO), "--quick", "--seed", str(self.seed)]
            command += ["--no-pictures"]  # of each single run; the duel has its own
        with (self._reports / "duel.log").open("ab") as log:
            environ = {**os.environ, "REPORTS": str(self._reports)}
            return subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def _reports(self) -> Path:
        return self.folder / self.name


def planned(each: int, seed: int, folder: Path) -> list[Comparison]:
    """Return so many comparisons of each kind: one of each a round, the order within a round drawn from the seed."""
    dice = random.Random(f"{seed}/order")
    rounds = []
    for number in range(1, each + 1):
        kinds = list(KINDS)
        dice.shuffle(kinds)
        rounds += [Comparison(kind, number, _coin(seed, kind, number), folder) for kind in kinds]
    return rounds


def _coin(seed: int, kind: str, number: int) -> int:
    return random.Random(f"{seed}/{kind}/{number}").randrange(2**31)


def made(waiting: Sequence[Comparison], jobs: int) -> Iterator[Comparison]:
    """Make comparisons, so many at once; yield each when it came to its end. Ctrl-C leaves all of them resumable."""
    rest = list(waiting)
    running: list[tuple[Comparison, subprocess.Popen[bytes]]] = []
    try:
        while rest or running:
            while rest and len(running) < jobs:
                running.append((rest[0], rest.pop(0).start()))
            time.sleep(POLL_S)
            for one, process in [pair for pair in running if pair[1].poll() is not None]:
                running.remove((one, process))
                if process.returncode not in SETTLED:
                    raise SystemExit(f"{one.name} ended with code {process.returncode}; see {one.folder / one.name}")
                yield one
    finally:
        for _, process in running:
            process.terminate()  # a duel takes it for Ctrl-C; what a shell began in the background ignores that
        for _, process in running:
            process.wait()
