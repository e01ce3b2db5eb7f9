"""Client: the parent's handle on a process that makes calls under gevent (`transport.tests.inside`).

The tests' own process is not patched: servers run in its threads. A client that crashes or hangs
fails one test, by name, and the next one gets a new client.
"""

import contextlib
import itertools
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Generic, ParamSpec, TypeVar

from transport.tests.calling import NATIVE, TRANSPORT

P = ParamSpec("P")
T = TypeVar("T")
ROOT = Path(__file__).parents[2]
WITHIN_S = 30.0
"""How long a client may take for what a test asks of it, on a busy machine."""
NOT_BUILT = "the native transport is not built: make transport"


def native_is_built() -> bool:
    """Return whether the native transport is installed; loads nothing."""
    return find_spec("jwtstorm_transport") is not None


class ClientError(AssertionError):
    """What ran inside the client raised, hung, or took the whole process with it."""


class Client:
    """A process under gevent that opens channels on one transport."""

    def __init__(self, transport: str, log: Path) -> None:
        self.transport = transport
        self._log = log
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._writing = threading.Lock()
        self._orders, theirs = socket.socketpair()
        command = [sys.executable, "-m", "transport.tests.inside", str(theirs.fileno())]
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], cwd=ROOT, stderr=stderr, env={**os.environ, TRANSPORT: transport}
            )
        theirs.close()
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """Return the process's id."""
        return self._process.pid

    @property
    def native(self) -> bool:
        """Return whether the client is one of the native transport."""
        return self.transport == NATIVE

    def start(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> "Running[T]":
        """Begin to run a module's function inside; functions of a test file may be given, too."""
        number = next(self._numbers)
        future: Future[T] = Future()
        self._waiting[number] = future
        module = "transport.tests." + function.__module__.rpartition("tests.")[2]
        order = pickle.dumps((number, module, function.__name__, arguments, named))
        with self._writing, contextlib.suppress(OSError):  # one that is dead is told by the result
            self._orders.sendall(len(order).to_bytes(4, "big") + order)
        return Running(self, function.__name__, future)

    def run(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run a module's function inside and return its value."""
        return self.start(function, *arguments, **named).result()

    def memory_kb(self) -> int:
        """Return the process's resident memory."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

    def alive(self) -> bool:
        """Return whether the process still runs."""
        return self._process.poll() is None

    def exit_code(self) -> int | None:
        """Return how the process ended, or None while it runs."""
        return self._process.poll()

    def complaints(self) -> str:
        """Return what the process wrote to stderr."""
        return self._log.read_text(errors="replace")

    def give_up(self, why: str) -> ClientError:
        """End a client that hangs, with its stacks in the log; return the error to raise."""
        if self.alive():
            self._process.send_signal(signal.SIGUSR1)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.3)
        self._process.kill()
        return ClientError(f"{self.transport}: {why}; exit code {self._process.wait()}; {self.complaints()[-3000:]}")

    def stop(self) -> None:
        """Let the process go; idempotent."""
        with contextlib.suppress(OSError):
            self._orders.shutdown(socket.SHUT_WR)
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._orders.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._orders.makefile("rb") as answers:
            while header := answers.read(4):
                number, good, value = pickle.loads(answers.read(int.from_bytes(header, "big")))
                future = self._waiting.pop(number)
                if good:
                    future.set_result(value)
                else:
                    future.set_exception(ClientError(f"{self.transport}: {value}"))
        for future in self._waiting.values():
            future.set_exception(EOFError("the client's process ended"))
        self._orders.close()


class Running(Generic[T]):
    """What runs inside a client."""

    def __init__(self, client: Client, name: str, future: Future[T]) -> None:
        self._client = client
        self._name = name
        self._future = future

    def done(self) -> bool:
        """Return whether it ended."""
        return self._future.done()

    def result(self, within_s: float = WITHIN_S) -> T:
        """Wait for the value; raises `ClientError` where there is none."""
        try:
            return self._future.result(within_s)
        except EOFError:
            raise self._client.give_up(f"the process died in {self._name}") from None
        except NotInTime:
            raise self._client.give_up(f"{self._name} hung for {within_s:g} s") from None
