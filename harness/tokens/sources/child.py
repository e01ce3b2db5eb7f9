"""Run a short command and read its output, safely beside a gRPC client under gevent.

gevent's `subprocess` calls fork(), which runs the handlers that grpc registered for it; while other
threads are inside gRPC, these abort the child: of 200 commands 17 died so (SIGABRT). posix_spawn
does not fork the parent's threads and runs no such handler. Setting GRPC_ENABLE_FORK_SUPPORT=0
would help too, but only before grpc loads, and Locust's ``--processes`` then yields no samples.
"""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

_CHUNK_BYTES = 65536
_CHUNKS_KEPT = 256


def run(command: Sequence[str], timeout_s: float, *, errors: bool = False) -> tuple[int, bytes]:
    """Return the exit code (negative: the signal) and the output; what goes to stderr is dropped, unless ``errors``.

    Of a long output the last part is kept. Raises `OSError` where it cannot be run, and `TimeoutError`; nothing of it
    is left running then.
    """
    if "gevent.monkey" in sys.modules:
        from gevent.monkey import is_module_patched

        if is_module_patched("subprocess"):
            return _run_in_greenlet(command, timeout_s, errors=errors)
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT if errors else subprocess.DEVNULL, process_group=0,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise TimeoutError from error
    return process.returncode, output


def _run_in_greenlet(command: Sequence[str], timeout_s: float, *, errors: bool) -> tuple[int, bytes]:
    """Spawn, read and wait by gevent's own loop: its child watcher reaps, whoever else has children."""
    import gevent
    from gevent.event import AsyncResult

    loop = gevent.get_hub().loop
    loop.install_sigchld()  # before the spawn: the death of the first child would be missed for good
    reading, writing = os.pipe()
    try:
        pid = _spawn(command, writing, errors=errors)
    except BaseException:
        os.close(reading)
        raise
    finally:
        os.close(writing)
    # No switch between spawn and start: the loop cannot reap the child before it is watched.
    ended: AsyncResult[Any] = AsyncResult()
    watcher = loop.child(pid)
    watcher.start(lambda watcher: ended.set(watcher.rstatus), watcher)
    try:
        with gevent.Timeout(timeout_s, TimeoutError):
            output = _read(reading)
            status = int(ended.get() or 0)
    finally:
        if not ended.ready():
            os.killpg(pid, signal.SIGKILL)
            ended.get()  # a killed child ends at once; unreaped it would stay as a zombie
        watcher.stop()
        os.close(reading)
    return os.waitstatus_to_exitcode(status), output


def _spawn(command: Sequence[str], writing: int, *, errors: bool) -> int:
    """Start the command at the head of a process group of its own, so that its children end with it."""
    actions = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_DUP2, writing, 1),
        (os.POSIX_SPAWN_DUP2, writing, 2) if errors else (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
    ]
    return os.posix_spawnp(command[0], list(command), os.environ, file_actions=actions, setpgroup=0)


def _read(descriptor: int) -> bytes:
    from gevent.os import make_nonblocking, nb_read

    make_nonblocking(descriptor)
    chunks: deque[bytes] = deque(maxlen=_CHUNKS_KEPT)
    while chunk := nb_read(descriptor, _CHUNK_BYTES):
        chunks.append(chunk)
    return b"".join(chunks)
