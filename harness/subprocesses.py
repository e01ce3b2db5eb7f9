"""Processes that we start: a command run to its end, and children that do not outlive us."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # Source: prctl(2), <linux/prctl.h>.


def run_to_its_end(command: Sequence[str], environ: Mapping[str, str], log: Path) -> int:
    """Run a command to its end, its output in ``log``; return its exit code.

    It is no member of the terminal's group: one Ctrl-C reaches it once, through us, and it may take
    its faults back and write its report. `KeyboardInterrupt` follows then, whatever its code.
    """
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command), env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True, preexec_fn=die_with_parent,  # noqa: PLW1509 - who runs whole runs has one thread
        )  # fmt: skip
    interrupted = False
    while True:
        try:
            code = child.wait()
            break
        except KeyboardInterrupt:
            if not interrupted:
                child.send_signal(signal.SIGINT)
            interrupted = True
    if interrupted:
        raise KeyboardInterrupt
    return code


def die_with_parent(how: signal.Signals = signal.SIGTERM) -> None:
    """Ask Linux to end this process with the thread that started it; elsewhere do nothing.

    Source: prctl(2), PR_SET_PDEATHSIG.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, how, 0, 0, 0)


def killed_with_parent() -> Callable[[], None]:
    """Return what a child does before its program begins, so that it is killed with us.

    The library is loaded here: between fork and exec nothing may be.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
