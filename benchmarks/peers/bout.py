"""One bout of one tool: its calls and its CPU time in a window, and what it says of latencies."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from benchmarks.peers.arena import GENERATOR_CPU, Target
from benchmarks.peers.tools import Load, Reading, Tool
from benchmarks.rig import turns
from benchmarks.rig.server import pin

SETTLE_S = 1.0
"""From a tool's first call until the window: connections are open and code is warm by then."""
SLACK_S = 0.7
"""How much longer than the window a tool is asked to run."""
END_WITHIN_S = 60.0


@dataclass(frozen=True)
class Score(turns.Score):
    """What a tool did in its window, and what it said of itself; CPU time is that of all its processes."""

    reading: Reading


class Playing:
    """A tool's process, and all that it starts, on the generator's core; killed on the way out."""

    def __init__(self, tool: Tool, load: Load) -> None:
        self._tool = tool
        self._load = load
        self._ends = ExitStack()
        self._out, self._log = (self._ends.enter_context(tempfile.TemporaryFile()) for _ in range(2))  # noqa: SIM115
        self._process = subprocess.Popen(
            tool.command(load),
            env={**os.environ, "GRPC_VERBOSITY": "NONE", **tool.environ(load)},
            stdin=subprocess.DEVNULL,
            stdout=self._out,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=partial(pin, GENERATOR_CPU),  # noqa: PLW1509 - this process has no thread of its own
        )
        self._ends.callback(self.kill)

    @property
    def pid(self) -> int:
        """Return the number of its process."""
        return self._process.pid

    def cpu_s(self) -> float:
        """Return the CPU time, user and system, of the process and of all that it started and that still runs."""
        with contextlib.suppress(psutil.NoSuchProcess):
            parent = psutil.Process(self._process.pid)
            return sum(map(_cpu_s, (parent, *parent.children(recursive=True))))
        return 0.0

    def kill(self) -> None:
        """End it and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def result(self) -> Reading:
        """Return what it said at its end; raises `RuntimeError` where that is nothing of use."""
        try:
            if self._tool.killed and not self._load.per_s:
                self.kill()
            self._process.wait(END_WITHIN_S)
            return self._tool.reading(self._said(self._out))
        except (subprocess.TimeoutExpired, ValueError, KeyError, OSError) as error:
            raise RuntimeError(f"{self._tool.name}: {error!r}; it said: {self._said(self._log)[-400:]}") from error

    def close(self) -> None:
        """Leave nothing behind."""
        self._ends.close()

    @staticmethod
    def _said(file: object) -> str:
        assert hasattr(file, "seek")
        file.seek(0)
        text: str = file.read().decode(errors="replace")  # type: ignore[attr-defined]
        return text


def _cpu_s(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        times = process.cpu_times()
        return float(times.user + times.system)
    return 0.0


def play(tool: Tool, target: Target, load: Load, meanwhile: Callable[[], object] = lambda: None) -> Score:
    """Let a tool play once; ``meanwhile`` is called when the window begins.

    Raises `RuntimeError` where it makes no call or says nothing of use.
    """
    before = target.calls()
    playing = Playing(tool, Load(load.for_s + SETTLE_S + SLACK_S, load.per_s))
    try:
        if not target.await_calls(before):
            playing.kill()
            raise RuntimeError(f"{tool.name} made no call: {playing.result()}")
        time.sleep(SETTLE_S)
        calls, cpu_s, start_s = target.calls(), playing.cpu_s(), time.monotonic()
        meanwhile()
        time.sleep(load.for_s)
        wall_s = time.monotonic() - start_s
        calls, cpu_s = target.calls() - calls, playing.cpu_s() - cpu_s
        return Score(calls, wall_s, cpu_s, playing.result())
    finally:
        playing.close()


def present(chosen: list[type[Tool]]) -> tuple[list[type[Tool]], list[str]]:
    """Return the tools that can take part, and why the others cannot."""
    reasons = {tool: tool.absent() for tool in chosen}
    if not Path("build/peers/target").exists():
        raise SystemExit("the fast target is not built; run: make peers (needs Go)")
    return [tool for tool, why in reasons.items() if why is None], [why for why in reasons.values() if why]
