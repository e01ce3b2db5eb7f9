"""Turns: several generators, started once each, that run one at a time while the others wait.

So neighbours in time are compared, start-up and report are left out, and a round takes seconds.
`Turns` is the generator's side: its callers pass a gate before each call. `Player` is the
benchmark's side. They speak in lines of JSON over the generator's stdin and stdout.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from gevent.queue import Queue

GENERATOR_CPU, SERVER_CPU = 0, 1
SETTLE_S = 0.25
"""From opening the gate until counting begins: every caller is in flight by then."""


@dataclass(frozen=True)
class Score:
    """What a generator did in one turn; CPU time is that of its whole process."""

    calls: int
    wall_s: float
    cpu_s: float

    @property
    def per_cpu_s(self) -> float:
        """Return calls per second of the generator's CPU time."""
        return self.calls / self.cpu_s

    @property
    def per_s(self) -> float:
        """Return calls per second."""
        return self.calls / self.wall_s

    @property
    def cpu_us(self) -> float:
        """Return microseconds of the generator's CPU time per call."""
        return self.cpu_s / self.calls * 1e6


class Turns:
    """The gate of one generator with a fixed number of callers (greenlets)."""

    def __init__(self, callers: int) -> None:
        from gevent.event import Event

        from benchmarks.rig.server import pin

        pin(GENERATOR_CPU)
        self.calls = 0
        """Good calls so far: callers count theirs."""
        self._callers = callers
        self._waiting = 0
        self._gate = Event()
        self._all_here = Event()

    def enter(self) -> None:
        """Return at once while it is this generator's turn, else when it is again."""
        if self._gate.is_set():
            return
        self._waiting += 1
        if self._waiting == self._callers:
            self._all_here.set()
        self._gate.wait()
        self._waiting -= 1

    def serve(self) -> None:
        """Take turns as the benchmark orders, until it closes our stdin: that ends the process."""
        import gevent
        from gevent.queue import Queue

        orders: Queue[float] = Queue()
        gevent.spawn(_hear, orders)
        self._all_here.wait()
        _say(ready=True)
        while True:
            _say(**asdict(self._take(orders.get())))

    def _take(self, for_s: float) -> Score:
        import gevent

        self._all_here.clear()
        self._gate.set()
        gevent.sleep(SETTLE_S)
        calls, wall_s, cpu_s = self.calls, time.perf_counter(), time.process_time()
        gevent.sleep(for_s)
        score = Score(self.calls - calls, time.perf_counter() - wall_s, time.process_time() - cpu_s)
        self._gate.clear()
        self._all_here.wait()
        return score


def _hear(orders: "Queue[float]") -> None:
    from gevent.fileobject import FileObject

    for line in FileObject(sys.stdin.fileno(), "rb"):
        orders.put(json.loads(line)["for_s"])
    os._exit(0)  # the benchmark closed our stdin, or died


def _say(**answer: Any) -> None:
    print(json.dumps(answer), flush=True)


class Player:
    """A generator, as the benchmark sees it; killed at the end whatever happened."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", *command],
            env={**os.environ, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def await_ready(self) -> None:
        """Wait until all its callers are at the gate."""
        self._answer()

    def take(self, for_s: float) -> Score:
        """Let it run for so long."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"for_s": for_s}) + "\n")
        self._process.stdin.flush()
        return Score(**self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        for line in self._process.stdout:
            if line.startswith("{"):
                answer: dict[str, Any] = json.loads(line)
                return answer
        raise RuntimeError(f"{self._process.args!r} ended with {self._process.wait()}; run it by hand to see why")
