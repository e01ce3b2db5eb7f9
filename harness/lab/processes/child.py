"""Child processes of the lab: the parent's side, and the child's.

The parent writes one line of JSON settings to the child's stdin (they may hold secrets: never
argv, never the environment) and reads one line from its stdout: ``{"ready": {...}}`` or
``{"error": "..."}``. The pipe on stdin then stays open, and its end is the order to exit, so that
a child dies with a killed parent. Linux's parent-death signal backs that up.
"""

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from harness.errors import LabError
from harness.subprocesses import die_with_parent

READY_WITHIN_S = 15.0
"""How long a child may take until it is ready."""
_MOST_FORKS = 8
"""How often a child that a signal ended before its first word is started: beside calls in flight, the handlers that
grpc registers for fork() abort about every tenth child, before it is our program (see
`harness.tokens.sources.child`)."""

_CRASHES = (-signal.SIGABRT, -signal.SIGSEGV)
_PARENT_DEATH_SIGNAL = "parent_death_signal"


class Child:
    """A running child process; make one with `start`.

    `kill` and `pause` are what chaos does to it; `start_again` brings it back with the settings that
    it had, changed by ``again``: ports that it must have a second time.
    """

    def __init__(self, name: str, module: str, settings: Mapping[str, Any], log: Path) -> None:
        self.name = name
        self.log = log
        self.ready: dict[str, Any] = {}
        self.again: dict[str, Any] = {}
        self.paused = False
        self._module = module
        self._settings = settings
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        """Return the id of the present process."""
        return self._process.pid

    @classmethod
    def start(
        cls, name: str, module: str, settings: Mapping[str, Any], log: Path, ready_within_s: float = READY_WITHIN_S
    ) -> "Child":
        """Start ``python -m module`` and wait until it is ready.

        ``log`` gets its stderr. Raises `LabError` with the child's last words where it fails or is
        not ready in time; nothing is left running then.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        child = cls(name, module, settings, log)
        child._settle(settings, ready_within_s)
        return child

    def start_again(self, ready_within_s: float = READY_WITHIN_S) -> None:
        """Start the child anew where it does not run; raises as `start` does."""
        if self.alive():
            return
        self.stop()  # closes what the dead one left open
        self._process = self._spawn()
        self._settle({**self._settings, **self.again}, ready_within_s)

    def kill(self) -> None:
        """End the process without a word to it; idempotent."""
        self._process.kill()
        self._process.wait()
        self.paused = False

    def pause(self) -> None:
        """Let it run no more, and keep its sockets open: a machine that hangs."""
        self._process.send_signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """Let it run on; does nothing where it runs or is dead."""
        self._process.send_signal(signal.SIGCONT)
        self.paused = False

    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def exit_code(self) -> int | None:
        """Return how it ended, or None while it runs."""
        return self._process.poll()

    def last_words(self) -> str:
        """Return what it wrote last into its log, for people."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return f"its last words: {lines[-1][:300]}" if lines else "it said nothing"

    def stop(self, timeout_s: float = 3.0) -> None:
        """Ask the child to exit by the end of its stdin, then by SIGTERM, then by SIGKILL; idempotent."""
        self.resume()
        _close(self._process.stdin)
        for insist in (self._process.terminate, self._process.kill):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout_s)
                break
            insist()
        self._process.wait()
        _close(self._process.stdout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        with self.log.open("ab") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                close_fds=True,
                start_new_session=True,
            )
        self.started_ticks = started_ticks(process.pid)
        return process

    def _settle(self, settings: Mapping[str, Any], ready_within_s: float) -> None:
        for left in reversed(range(_MOST_FORKS)):
            try:
                self._hand_over(settings)
                self._await_ready(ready_within_s)
            except BaseException:
                aborted = self._aborted()
                self.stop(timeout_s=0.5)
                if not aborted or not left:
                    raise
                self._process = self._spawn()
            else:
                return

    def _aborted(self) -> bool:
        """Return whether a signal, and none of ours, has ended it before it could say a word."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=0.2) in _CRASHES
        return False

    def _hand_over(self, settings: Mapping[str, Any]) -> None:
        # The signal follows the *thread* that forked: from a short-lived one it would kill a healthy child.
        lasting = threading.get_native_id() == os.getpid()
        line = json.dumps({**settings, _PARENT_DEATH_SIGNAL: lasting}).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):  # it died: its last words say more
            assert self._process.stdin  # noqa: S101 - for the type checker
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _await_ready(self, within_s: float) -> None:
        lines: queue.Queue[bytes] = queue.Queue()
        stdout = self._process.stdout
        assert stdout  # noqa: S101 - for the type checker
        reader = threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True)
        reader.start()
        try:
            line = lines.get(timeout=within_s)
        except queue.Empty:
            self._process.kill()  # ends the reader, too
            reader.join()
            raise LabError(f"{self.name} was not ready within {within_s:g} s; {self.last_words()}") from None
        answer = _answer(line)
        if "ready" not in answer:
            raise LabError(f"{self.name} did not start: {answer.get('error') or self.last_words()}; see {self.log}")
        self.ready = answer["ready"]


def started_ticks(pid: int) -> int:
    """Return when a living process started, in clock ticks since boot, or 0 where the system does not say.

    With the pid it names a process for good: pids are used again. Source: proc_pid_stat(5), field 22.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    fields = stat.rpartition(")")[2].split()
    return 0 if fields[0] == "Z" else int(fields[19])


def _answer(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _close(pipe: IO[bytes] | None) -> None:
    if pipe is not None:
        with contextlib.suppress(OSError):
            pipe.close()


# --- the child's side ---------------------------------------------------------------------------


def settle_in(at_end: Callable[[], object] | None = None) -> dict[str, Any]:
    """Become a child of the lab: ignore the terminal's signals, log to stderr, return the settings.

    From now on the end of stdin ends the process. One that must do something first, ``at_end``, gets
    no parent-death signal, which would not let it.
    SIGINT and SIGHUP are ignored because the conductor undoes its faults first and then ends us.
    """
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings: dict[str, Any] = json.loads(sys.stdin.buffer.readline() or b"{}")
    if settings.pop(_PARENT_DEATH_SIGNAL, False) and at_end is None:
        die_with_parent(signal.SIGKILL)
    threading.Thread(target=_exit_at_eof, args=(at_end,), daemon=True).start()
    return settings


def report_ready(**ready: Any) -> None:
    """Tell the parent that we serve; later prints go to the log, for nobody reads our stdout any more."""
    _tell({"ready": ready})
    os.dup2(2, 1)


def report_error(text: str) -> None:
    """Tell the parent why we cannot serve."""
    _tell({"error": text})


def _tell(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _exit_at_eof(at_end: Callable[[], object] | None) -> None:
    # A raw read: a buffered one would hold the lock of stdin. A child keeps nothing on disk, so it may go at once.
    while os.read(0, 4096):
        pass
    logging.getLogger(__name__).info("the parent closed our stdin: exit")
    try:
        if at_end is not None:
            at_end()
    finally:
        os._exit(0)
