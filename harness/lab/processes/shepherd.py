"""The shepherd: starts a foreign program, and lets none of its processes outlive the harness.

A program of somebody else's does not know our pipe. The shepherd stands between: it is a child of the
lab as any other, and the program's process group ends when its stdin does, however that came to pass.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from harness.lab.processes.child import report_error, report_ready, settle_in
from harness.subprocesses import die_with_parent

GRACE_S = 2.0
"""How long a program may take to end when it is asked to; less than `harness.lab.processes.child` waits for us."""
SIGNALLED = 128
"""Added to the number of the signal that ended a program, as shells do."""


class Flock:
    """The program's processes: one process group."""

    def __init__(self) -> None:
        self._first: subprocess.Popen[bytes] | None = None

    def start(self, settings: Mapping[str, Any]) -> int:
        """Start the program; return its pid, which names its group as well. Raises `OSError`."""
        self._first = subprocess.Popen(  # its output is our log
            settings["command"],
            cwd=settings["folder"],
            env={**os.environ, **settings["environ"]},
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
            start_new_session=True,
            preexec_fn=_become_foreign,  # noqa: PLW1509 - nothing of ours holds a lock at this point
        )
        return self._first.pid

    def wait(self) -> int:
        """Wait until the first process has ended, and end what it left behind; return its exit code."""
        assert self._first is not None  # noqa: S101 - it was started
        code = self._first.wait()
        self._signal(signal.SIGKILL)
        return code

    def end(self) -> None:
        """Ask all to end, then insist."""
        if self._first is None:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._first.wait(GRACE_S)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        assert self._first is not None  # noqa: S101 - both callers looked
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._first.pid, number)


def _become_foreign() -> None:
    """Take back what a child of ours does and a foreign program must not."""
    for name in ("SIGINT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    die_with_parent(signal.SIGKILL)


def main() -> None:
    """Start the program that the settings name, and stay until it has ended."""
    flock = Flock()
    settings = settle_in(at_end=flock.end)
    try:
        pid = flock.start(settings)
    except OSError as error:
        report_error(f"{settings['command'][0]}: {error.strerror}")
        return
    report_ready(pid=pid)
    code = flock.wait()
    sys.exit(code if code >= 0 else SIGNALLED - code)


if __name__ == "__main__":
    main()
