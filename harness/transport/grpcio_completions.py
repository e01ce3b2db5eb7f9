"""Completions: one channel's queue of grpcio, read under gevent without a thread for each call that waits.

Left to itself grpcio waits under gevent in a thread of gevent's pool, one for each call in flight. Here each
channel has one native thread, which works only when nothing else does: it waits for the first completion, wakes
the hub, and parks. A greenlet polls the rest of the batch, and again until there is none, so that a busy generator
never touches the thread. `harness.transport.grpcio_channel` puts the calls of a channel here, and asks first whether
this grpcio has the private parts that it takes.
"""

# ruff: noqa: SLF001 - what grpcio has in public waits in gevent's pool

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import gevent
from gevent import monkey
from gevent.hub import Waiter

cygrpc: Any = import_module("grpc._cython.cygrpc")
"""Private: nothing can be known of its types."""

Completion = tuple[Any, Any]
"""What a queue yields: a tag, or None where there was nothing; and its event."""
Ask = Callable[[], Completion]


class _Pool:
    """What the library takes for gevent's pool: hands out a completion that is there, else asks gevent's own."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        self.there: Completion | None = None

    def apply(self, function: Callable[..., Any], args: tuple[Any, ...] = ()) -> Any:
        """Return what the library waits for."""
        if self.there is None:
            return self._pool.apply(function, args)
        there, self.there = self.there, None
        return there


class _Overheard:
    """A pool that waits for nothing, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []

    def apply(self, function: Callable[..., Completion], args: tuple[Any, ...]) -> Completion:
        """Keep the question; answer that there was nothing."""
        self.asked.append(lambda: function(*args))
        return None, None


@contextmanager
def _in_place(**parts: Any) -> Iterator[None]:
    """Put parts into the library's compiled module for a moment."""
    before = {name: getattr(cygrpc, name) for name in parts}
    try:
        for name, part in parts.items():
            setattr(cygrpc, name, part)
        yield
    finally:
        for name, part in before.items():
            setattr(cygrpc, name, part)


def questions(channel: Any) -> tuple[Ask, Ask]:
    """Return how to wait for a channel's next completion, and how to poll for one.

    The library waits without end, but where forks are supported until a second from now; were now long ago, that
    is a poll.
    """
    overheard: Any = _Overheard()
    with _in_place(g_gevent_threadpool=overheard):
        channel.next_call_event()
        with _in_place(_GRPC_ENABLE_FORK_SUPPORT=True, time=SimpleNamespace(time=lambda: 0.0)):
            channel.next_call_event()
    wait, poll = overheard.asked
    return wait, poll


class Completions:
    """One channel's queue; the library takes it for the channel itself, and starts its calls here."""

    def __init__(self, channel: Any) -> None:
        state = channel._call_state
        self._inner = state.channel
        self._wait, self._poll = questions(self._inner)
        self._in_flight = 0
        self._idle = self._over = False
        self._first: Completion | None = None
        self._hub = gevent.get_hub()
        self._woken = self._hub.loop.async_()
        self._turnstile = monkey.get_original("_thread", "allocate_lock")()
        self._turnstile.acquire()
        self._greenlet = gevent.spawn_raw(self._drain)
        monkey.get_original("_thread", "start_new_thread")(self._stand_by, ())
        state.channel = self
        state.managed_calls = 1  # never none: so the library starts no greenlet of its own that reads the queue

    def integrated_call(self, *args: Any) -> Any:
        """Start a call whose completions are given to its tag, which says whether that was the last."""
        call = self._inner.integrated_call(*args)
        self._in_flight += 1
        self._rouse()
        return call

    def close(self, code: Any, details: str) -> None:
        """Close the channel when nobody holds it any more; not with calls in flight, which would be waited for."""
        if not self._in_flight:
            self._inner.close(code, details)

    def end(self) -> None:
        """Let greenlet and thread go, once the channel is closed."""
        if not self._over:
            self._over = True
            self._turnstile.release()
            self._rouse()

    def _rouse(self) -> None:
        if self._idle:
            self._idle = False
            self._hub.loop.run_callback(self._greenlet.switch)

    def _drain(self) -> None:
        switch = self._greenlet.switch
        while not self._over:
            if self._take_all():
                self._hub.loop.run_callback(switch)  # after those whose calls have ended
                self._hub.switch()
            elif self._in_flight:
                self._woken.start(switch)
                self._turnstile.release()
                self._hub.switch()
                self._woken.stop()
            else:
                self._idle = True
                self._hub.switch()
        self._woken.close()

    def _stand_by(self) -> None:
        """Wait for one completion whenever the greenlet asks for it; the native thread.

        While calls are in flight, and nobody else polls, one will come: so no wait outlasts the queue.
        """
        self._turnstile.acquire()
        while not self._over:
            self._first = self._wait()
            self._woken.send()
            self._turnstile.acquire()

    def _take_all(self) -> bool:
        """Take the completions that are there; return whether there were any."""
        pool = cygrpc.g_gevent_threadpool
        if not isinstance(pool, _Pool):
            pool = cygrpc.g_gevent_threadpool = _Pool(pool)
        first, self._first = self._first, None
        found = first is not None
        while self._in_flight:
            completion = first or self._poll()
            first = None
            if completion[0] is None:
                break
            found = True
            pool.there = completion
            event = self._inner.next_call_event()
            self._in_flight -= event.tag(event)
        return found


class Ended:
    """What is called when a call has ended: wakes the greenlet that waits for it, with what it was called with."""

    __slots__ = ("_loop", "waiter")

    def __init__(self, hub: Any) -> None:
        self._loop = hub.loop
        self.waiter: Any = Waiter(hub)

    def __call__(self, event: Any) -> bool:
        """Hand over what the greenlet waits for; as a tag, say that nothing more will come."""
        self._loop.run_callback(self.waiter.switch, event)
        return True
