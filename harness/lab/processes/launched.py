"""Launched: a foreign program that runs, with the life of a child of the lab.

It has the orders of `harness.lab.processes.child.Child`, so that chaos treats both alike: they go to the program's
whole process group, while the shepherd that holds it (`harness.lab.processes.shepherd`) goes on.
"""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from harness.clock import monotonic
from harness.errors import LabError
from harness.lab.processes.child import Child, started_ticks
from harness.lab.processes.http2_check import speaks_http2
from harness.lab.processes.launch import Launch, place

POLL_S = 0.05
Ready = Callable[[str], bool]
"""Tell whether a program at an address serves."""


class Launched:
    """A program of somebody else's; make one with `start`.

    ``address`` is where it serves, the same after it was started again.
    """

    def __init__(self, shepherd: Child, address: str, ready: Ready, ready_within_s: float) -> None:
        self.address = address
        self.paused = False
        self._shepherd = shepherd
        self._ready = ready
        self._ready_within_s = ready_within_s
        self.started_ticks = started_ticks(self.pid)

    @classmethod
    def start(
        cls,
        name: str,
        launch: Launch,
        log: Path,
        values: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        ready: Ready | None = None,
    ) -> "Launched":
        """Start a program and wait until it serves; ``log`` gets all that it writes.

        ``values`` fill the words in its command (``{issuer_url}``), ``environ`` is added to its environment, and
        ``ready`` is asked instead of whether it takes gRPC connections. Raises `LabError` with the program's last
        words where it ends or is not ready in time; nothing is left running then.
        """
        address = place(launch)
        filled = launch.filled({"port": address.rpartition(":")[2], "address": address, **(values or {})})
        settings = {
            "command": list(filled.command),
            "environ": {**filled.environ, **(environ or {})},
            "folder": launch.folder,
        }
        shepherd = Child.start(name, "harness.lab.processes.shepherd", settings, log)
        serves = ready or (lambda where: speaks_http2(where, launch.tls))
        launched = cls(shepherd, address, serves, launch.ready_within_s)
        launched._settle()
        return launched

    @property
    def name(self) -> str:
        """Return its name in the lab."""
        return self._shepherd.name

    @property
    def log(self) -> Path:
        """Return where its output goes."""
        return self._shepherd.log

    @property
    def pid(self) -> int:
        """Return the id of the program's first process, and of its group."""
        return int(self._shepherd.ready["pid"])

    def alive(self) -> bool:
        """Return whether the program still runs."""
        return self._shepherd.alive()

    def start_again(self) -> None:
        """Start the program anew, at its address, where it does not run; raises as `start` does."""
        if self.alive():
            return
        self._shepherd.start_again()
        self.started_ticks = started_ticks(self.pid)
        self._settle()

    def kill(self) -> None:
        """End the program without a word to it; idempotent."""
        self._signal(signal.SIGKILL)
        self.paused = False
        self._shepherd.stop()

    def pause(self) -> None:
        """Let it run no more, and keep its sockets open."""
        self._signal(signal.SIGSTOP)
        self.paused = True

    def resume(self) -> None:
        """Let it run on; does nothing where it runs or is dead."""
        self._signal(signal.SIGCONT)
        self.paused = False

    def stop(self) -> None:
        """Ask the program to end, then insist; idempotent."""
        self.resume()
        self._shepherd.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _signal(self, number: signal.Signals) -> None:
        if self.alive():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def _settle(self) -> None:
        try:
            self._await_ready()
        except BaseException:
            self.stop()
            raise

    def _await_ready(self) -> None:
        until_s = monotonic() + self._ready_within_s
        while not self._ready(self.address):
            words = f"{self._shepherd.last_words()}; see {self.log}"
            if not self.alive():
                code = self._shepherd.exit_code()
                raise LabError(f"{self.name} ended with {code} before it served at {self.address}; {words}")
            if monotonic() > until_s:
                raise LabError(
                    f"{self.name} took no gRPC connection at {self.address} within {self._ready_within_s:g} s; "
                    f"give it longer (ready_within_s=), or mend its command; {words}"
                )
            time.sleep(POLL_S)
