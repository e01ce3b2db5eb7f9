"""The witness: a small Python program under the same libfaketime, which tells what a faked clock shows.

It is tried before the target starts, to find a library that does not work here (in the target's own Python, where
the target is one). Then one stays, and is asked whenever an offset is to be measured: what was asked for is
never reported as what was. It stays because no process may be started while gRPC channels live beside it.
"""

import contextlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from harness.clock import monotonic, wall
from harness.errors import LabError, UsageError
from harness.lab.clocks.faketime import INSTALL, INSTEAD, Preload

WITHIN_S = 5.0
STEP_S = 1000.0
_BRIEFLY_S = 0.02
_AT_ONCE = {"FAKETIME_NO_CACHE": "1"}

_TELL = """
import sys, time

while sys.stdin.readline():
    print(time.monotonic(), time.time(), time.monotonic(), flush=True)
"""
_TRY = f"""
import os, sys, threading, time

file = os.environ["FAKETIME_TIMESTAMP_FILE"]

def write(offset):
    with open(file + ".new", "w") as new:
        new.write(offset + " x1\\n")
    os.replace(file + ".new", file)

def ahead():
    return time.time() - time.monotonic()

def stage(name):
    sys.stdout.write(name + "\\n")
    sys.stdout.flush()

stage("time.sleep")
time.sleep({_BRIEFLY_S})
stage("a wait with a timeout")
threading.Event().wait({_BRIEFLY_S})
stage("a step of the clock")
before, started = ahead(), time.monotonic()
write("+{STEP_S}")
step = ahead() - before
write("+0")
back = ahead() - before
if abs(step - {STEP_S}) > 0.1:
    sys.exit("the clock moved by %.3f s instead of {STEP_S:g} s" % step)
if abs(back) > 0.1:
    sys.exit("the clock stayed %.3f s ahead after it was set right" % back)
if time.monotonic() - started > 100:
    sys.exit("the monotonic clock moved as well, and deadlines with it")
stage("done")
"""


@dataclass(frozen=True)
class FakedOffset:
    """How far a faked clock is ahead of this process's, and by how much that may be wrong; seconds."""

    measured_s: float
    bound_s: float


class Witness:
    """A witness that stays, and sees a moved clock at once; end it with `stop`."""

    def __init__(self, preload: Preload, environ: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _TELL],
            env={**environ, **preload.environ(environ), **_AT_ONCE},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            bufsize=1,
            start_new_session=True,
        )

    def measure(self) -> FakedOffset:
        """Measure how far its clock is ahead. Raises `LabError`.

        Both wall clocks are read between two looks at the monotonic clock, which all processes of a host
        share, so that the bound is the time of a look, and not that of asking.
        """
        with _pipes(self._process) as (orders, answers):
            orders.write("\n")
            orders.flush()
            line = answers.readline()
        try:
            before_s, told_s, after_s = (float(word) for word in line.split())
        except ValueError:
            raise LabError("faketime: the witness told no time; it was killed, or the library ended it") from None
        ours_before_s, ours_s, ours_after_s = monotonic(), wall(), monotonic()
        between_s = (ours_before_s + ours_after_s - before_s - after_s) / 2
        bound_s = (after_s - before_s + ours_after_s - ours_before_s) / 2
        return FakedOffset(told_s - (ours_s - between_s), bound_s)

    def stop(self) -> None:
        """End it; idempotent."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()


@contextlib.contextmanager
def _pipes(process: "subprocess.Popen[str]") -> Iterator[tuple[IO[str], IO[str]]]:
    assert process.stdin  # noqa: S101 - it was started with both
    assert process.stdout  # noqa: S101
    try:
        yield process.stdin, process.stdout
    except (OSError, ValueError) as error:
        raise LabError(f"faketime: the witness does not answer ({type(error).__name__})") from error


def prove(preload: Preload, environ: Mapping[str, str], python: Path | None = None) -> None:
    """Try the library on a Python program: it must sleep, wait, step and step back.

    ``python`` is the interpreter to try, by default this one. Raises `UsageError` that says what is broken.
    """
    command = [str(python or sys.executable), "-I", "-S", "-c", _TRY]
    try:
        done = _run(command, preload, environ)
    except LabError as error:
        raise UsageError(_broken(preload, f"{error}")) from error
    if done.returncode:
        stages = done.stdout.split("\n")
        raise UsageError(_broken(preload, f"{stages[-2] if len(stages) > 1 else 'its start'}: {_said(done.stderr)}"))


def _broken(preload: Preload, why: str) -> str:
    return (
        f"faketime: {preload.library.path.name} ({preload.library.version}) does not work here ({why}); "
        f"use the build of {INSTALL}, or {INSTEAD}"
    )


def _run(command: list[str], preload: Preload, environ: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            command,
            env={**environ, **preload.environ(environ), **_AT_ONCE},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"{_last_stage(error.stdout)} hangs") from error
    except OSError as error:
        raise LabError(f"the witness did not start: {error.strerror}") from error


def _last_stage(output: Any) -> str:
    text = output.decode(errors="replace") if isinstance(output, bytes) else output or ""
    return text.strip().split("\n")[-1] or "the witness"


def _said(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else "it said nothing"
