"""The loop: what brings the calls' ends to the greenlets that wait for them, one for each event loop of gevent's."""

import atexit
import os
import sys
import time

import gevent
from gevent.hub import Hub as GeventHub

from jwtstorm_transport import _native


class Loop:
    """Completions of one gevent hub, taken in batches through one descriptor.

    Calls that are started while a batch is handed out begin together at its end: one wake-up of the calls' thread
    serves them all.
    """

    def __init__(self, hub: GeventHub) -> None:
        self.native = _native.Hub()
        self.handing_out = False
        self.ended_ns = 0
        """When the call ended whose caller runs now, until that waits for something; 0 where none did."""
        self._hub = hub
        self._watcher = hub.loop.io(self.native.fileno(), 1)
        self._watcher.start(self._hand_out)

    def started(self) -> None:
        """Note that a call was started: it begins now, or with its batch."""
        if not self.handing_out:
            self.native.kick()

    def _hand_out(self) -> None:
        self.handing_out = True
        for target, told, ended_ns in self.native.take():
            self.ended_ns = ended_ns
            try:
                target(told)
            except Exception:  # noqa: BLE001 - one target's mistake is not the others'
                self._hub.handle_error(target, *sys.exc_info())
        self.handing_out = False
        self.native.kick()


def ended_ns() -> int:
    """Return when the unary call ended that the present greenlet made last (monotonic nanoseconds).

    That is when the peer's last bytes came, where the kernel tells: what this process took to look at them is
    not in it. Ask before the greenlet waits for anything else.
    """
    return current().ended_ns or time.monotonic_ns()


_loops: dict[GeventHub, Loop] = {}
_of_parent: list[Loop] = []
"""Loops of the process that this one was forked from: kept, for their watchers are not ours to stop."""


def current() -> Loop:
    """Return the loop of the present thread's hub; a fork has one of its own."""
    hub = gevent.get_hub()
    loop = _loops.get(hub)
    if loop is None:
        loop = _loops[hub] = Loop(hub)
    return loop


def _forget() -> None:
    _of_parent.extend(_loops.values())
    _loops.clear()


os.register_at_fork(after_in_child=_forget)
atexit.register(_native.stop)
