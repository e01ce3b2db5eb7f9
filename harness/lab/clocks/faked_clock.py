"""The faked clock: the clock of a program under libfaketime, moved while it runs.

It has the orders of `harness.lab.control.client.TargetControl` that move a clock, so that a fault need not know whose
clock it moves. A drift is a staircase of our own: the library's rate counts from the start of the program, and jumps.
"""

import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from harness.clock import SkewedClock, monotonic_ns
from harness.errors import LabError
from harness.lab.clocks.fakeable import require_fakeable, require_preloaded
from harness.lab.clocks.faketime import Preload, find_library
from harness.lab.clocks.witness import Witness, prove
from harness.lab.processes.launch import Launch

STAIR_S = 0.25
"""How often a drifting clock is set: its steps are this long, and what the program's cache adds."""
SLACK_S = 0.05
"""By how much the witness may differ from what was asked before the clock counts as not moved."""
RUNG = 3
_SHARED = Path("/dev/shm")  # noqa: S108 - where libfaketime keeps its memory
_KINDS = ("faketime_shm_", "sem.faketime_sem_")


@dataclass(frozen=True)
class Faked:
    """A launch that libfaketime can reach: the preload, proved on this machine, and what it adds to the environment."""

    preload: Preload
    environ: Mapping[str, str]

    @classmethod
    def prepare(cls, launch: Launch, run: Path, environ: Mapping[str, str] = os.environ) -> "Faked":
        """Find the library, look at the program, and try the one under the other.

        The file of the offset lies in ``run``, at zero from the start: a baseline has the preload, too, for it
        costs speed. Raises `UsageError` with the way out.
        """
        given = {**environ, **launch.environ}
        program = require_fakeable(launch.command[0], launch.folder, given.get("PATH", os.defpath))
        preload = Preload(find_library(environ), (run / "faketime").resolve(), launch.cache_s)
        preload.write(0.0)
        prove(preload, given, program if program.name.startswith("python") else None)
        preload.write(0.0)
        return cls(preload, preload.environ(given))


class FakedClock:
    """The clock of the program whose process group is ``group``; end it with `stop`."""

    def __init__(self, faked: Faked, group: int) -> None:
        self._faked = faked
        self._asked = SkewedClock()
        self._rate_ppm = 0.0
        self._ended = threading.Event()
        self._walker: threading.Thread | None = None
        require_preloaded(group, faked.preload.library)
        self._witness = Witness(faked.preload, os.environ)

    def move_clock(self, skew_s: float, rate_ppm: float = 0.0) -> dict[str, Any]:
        """Put the clock ``skew_s`` ahead and let it drift from there; ``at_ns`` in the answer is when that was set.

        The program sees it within ``seen_within_s`` of `state`. Raises `LabError`.
        """
        self._halt()
        self._asked.move(skew_s, rate_ppm)
        self._rate_ppm = rate_ppm
        self._set()
        at_ns = monotonic_ns()
        if rate_ppm:
            self._ended.clear()
            self._walker = threading.Thread(target=self._walk, daemon=True)
            self._walker.start()
        return {"at_ns": at_ns}

    def state(self) -> dict[str, Any]:
        """Return the clock: what was asked for, and what the witness measured. Raises `LabError` where they differ."""
        asked_s = self._asked.offset_s()
        found = self._witness.measure()
        stair_s = abs(self._asked.offset_s() - asked_s) + abs(self._rate_ppm) * 1e-6 * STAIR_S
        if abs(found.measured_s - asked_s) > SLACK_S + found.bound_s + stair_s:
            raise LabError(f"faketime: the clock is {found.measured_s:+.3f} s off instead of {asked_s:+.3f} s")
        clock = {"offset_s": asked_s, "rate_ppm": self._rate_ppm, "rung": RUNG, **asdict(found), **self.about()}
        return {"clock": clock}

    def about(self) -> dict[str, Any]:
        """Return the library and its settings, for the files of a run."""
        preload = self._faked.preload
        return {"library": preload.library.version, "seen_within_s": preload.seen_within_s}

    def stop(self) -> None:
        """End a drift and the witness; idempotent."""
        self._halt()
        self._witness.stop()

    def _halt(self) -> None:
        self._ended.set()
        if self._walker is not None:
            self._walker.join()
            self._walker = None

    def _walk(self) -> None:
        while not self._ended.wait(STAIR_S):
            with contextlib.suppress(LabError):  # a full disk: the next stair may fit, and `state` tells of it
                self._set()

    def _set(self) -> None:
        try:
            self._faked.preload.write(self._asked.offset_s())
        except OSError as error:
            raise LabError(f"faketime: cannot write {self._faked.preload.file}: {error.strerror}") from error


def sweep(folder: Path = _SHARED) -> None:
    """Remove libfaketime's shared memory of processes that are dead: a killed one leaves it behind.

    A later process with the same pid could not start.
    """
    for kind in _KINDS:
        for path in folder.glob(f"{kind}*"):
            pid = path.name.removeprefix(kind)
            with contextlib.suppress(OSError):
                if pid.isdecimal() and path.stat().st_uid == os.getuid() and not Path(f"/proc/{pid}").exists():
                    path.unlink()
