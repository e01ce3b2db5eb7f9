"""The alarm: a greenlet's wait until a time of the monotonic clock, tens of microseconds exact.

Timers of gevent's loop are a millisecond coarse, and every arrival would bear that as schedule lag. Linux has timers
that are files (`timerfd_create(2)`), which the loop watches as any other; elsewhere its own timers serve.
"""

import ctypes
import os
from functools import cache
from time import CLOCK_MONOTONIC
from typing import Any, Self

import gevent
from gevent.hub import get_hub

from harness import clock

_ABSOLUTE = 1
"""``TFD_TIMER_ABSTIME``."""
_READABLE = 1


class _Spec(ctypes.Structure):
    """``struct itimerspec``: an interval, here always none, and a time."""

    _fields_ = tuple((name, ctypes.c_long) for name in ("every_s", "every_ns", "at_s", "at_ns"))


@cache
def _libc() -> Any | None:
    """Return the C library, where it has timers that are files."""
    libc = ctypes.CDLL(None)
    return libc if hasattr(libc, "timerfd_create") else None


class Timer:
    """Waits of one greenlet, under the hub that it was made in. Use it in a ``with``."""

    def __init__(self) -> None:
        libc = _libc()
        self._file: int = libc.timerfd_create(CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC) if libc else -1
        self._watcher = get_hub().loop.io(self._file, _READABLE) if self._file >= 0 else None

    def until(self, at_ns: int) -> None:
        """Block the greenlet until ``at_ns`` (monotonic); a time that is past lets others run once."""
        left_ns = at_ns - clock.monotonic_ns()
        if left_ns <= 0 or self._watcher is None or not self._set(at_ns):
            gevent.sleep(max(left_ns, 0) / 1e9)
            return
        get_hub().wait(self._watcher)

    def _set(self, at_ns: int) -> bool:
        """Set the timer, which is not readable then until it is due."""
        libc = _libc()
        spec = _Spec(0, 0, *divmod(at_ns, 1_000_000_000))
        return libc is not None and libc.timerfd_settime(self._file, _ABSOLUTE, ctypes.byref(spec), None) == 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._watcher is not None:
            self._watcher.close()
            os.close(self._file)
