"""The pacer: put each arrival on a queue when it is due, and account for every one of them.

One per worker process. Users take arrivals; whatever the target does, the next one comes due on
time. An arrival that no user took within ``max_lag_s`` is reported as not sent, as is one that was
queued or in flight when the run ended: each arrival ends in exactly one final row.
"""

from collections.abc import Callable
from itertools import count
from typing import Protocol

import gevent
from gevent.event import Event
from gevent.queue import Queue

from harness import clock
from harness.calls.attempt import Arrival
from harness.results.row import Cause, Flag
from harness.scenario.load import Load
from harness.worker.timer import Timer

OnUnsent = Callable[[Arrival, Cause], None]


class ArrivalFeed(Protocol):
    """What one user takes its arrivals from."""

    def take(self) -> Arrival:
        """Return the user's next call; blocks until there is one."""

    def done(self, arrival: Arrival) -> None:
        """Note that an arrival's task has ended."""

    def leave(self) -> None:
        """Note that the user has gone."""


class Pacer:
    """The arrivals of one worker: ``worker`` of ``workers`` takes each i with i mod workers = worker."""

    def __init__(self, load: Load, seed: int, worker: int, workers: int, max_lag_s: float, on_unsent: OnUnsent) -> None:
        self.planned = 0
        self.finished = Event()
        """Set when the last arrival is due and none is outstanding."""
        self._load = load
        self._seed = seed
        self._worker = worker
        self._workers = workers
        self._max_lag_ns = round(max_lag_s * 1e9)
        self._on_unsent = on_unsent
        self._queue: Queue[Arrival] = Queue()
        self._outstanding: dict[int, Arrival] = {}
        self._waiting = 0
        self._zero_ns = 0
        self._begun = Event()
        self._exhausted = False
        self._own_ids = count(worker, workers)
        self._greenlet: gevent.Greenlet[..., None] | None = None

    def start(self, zero_ns: int) -> None:
        """Begin the warm-up that ends at ``zero_ns`` (monotonic)."""
        self._zero_ns = zero_ns
        self._begun.set()
        self._greenlet = gevent.spawn(self._pace if self._load.model == "open" else self._wait_for_end)

    def take(self) -> Arrival:
        """Return the next call that is due; blocks until there is one, for ever after the last."""
        return self._take_due() if self._load.model == "open" else self._take_own()

    def done(self, arrival: Arrival) -> None:
        """Note that an arrival's task has ended; one without a final row is reported as not sent."""
        if self._outstanding.pop(arrival.call_id, None) is None:
            return
        arrival.end()
        if not arrival.finals:
            self._on_unsent(arrival, Cause.STOPPED if arrival.calls else Cause.NO_CALL)
        self._check_finished()

    def leave(self) -> None:
        """Let a user go: arrivals are nobody's before they are taken."""

    def close(self) -> None:
        """Stop, and report what is still queued or in flight as not sent."""
        if self._greenlet is not None:
            self._greenlet.kill()
        for arrival in list(self._outstanding.values()):
            del self._outstanding[arrival.call_id]
            if not arrival.finals:
                self._on_unsent(arrival, Cause.STOPPED)
        self._exhausted = True
        self._check_finished()

    def _pace(self) -> None:
        with Timer() as alarm:
            for i, start_s in enumerate(self._load.starts(self._seed)):
                if i % self._workers != self._worker:
                    continue
                due_ns = self._zero_ns + round(start_s * 1e9)
                # Even when late, let users run every so often: a burst must not starve them.
                if due_ns > clock.monotonic_ns() or i % 64 == 0:
                    alarm.until(due_ns)
                free = self._waiting > self._queue.qsize()
                self._put(Arrival(i, due_ns, 0, Flag.PLANNED | (0 if free else Flag.BUSY)))
        self._wait_for_end()

    def _put(self, arrival: Arrival) -> None:
        self.planned += 1
        self._outstanding[arrival.call_id] = arrival
        self._queue.put(arrival)

    def _wait_for_end(self) -> None:
        end_ns = self._zero_ns + round(self._load.duration_s * 1e9)
        gevent.sleep(max(end_ns - clock.monotonic_ns(), 0) / 1e9)
        self._exhausted = True
        self._check_finished()

    def _take_due(self) -> Arrival:
        while True:
            self._waiting += 1
            try:
                arrival = self._queue.get()
            finally:
                self._waiting -= 1
            if arrival.call_id not in self._outstanding:
                continue  # it was reported when the run ended
            arrival.taken_ns = clock.monotonic_ns()
            if arrival.taken_ns - arrival.intended_ns <= self._max_lag_ns:
                return arrival
            del self._outstanding[arrival.call_id]
            self._on_unsent(arrival, Cause.LATE)
            self._check_finished()

    def _take_own(self) -> Arrival:
        self._begun.wait()
        if self._load.think_s:
            gevent.sleep(self._load.think_s)
        if self._exhausted:
            gevent.sleep(float(2**31))
        now_ns = clock.monotonic_ns()
        arrival = Arrival(next(self._own_ids), now_ns, now_ns)
        self._outstanding[arrival.call_id] = arrival
        return arrival

    def _check_finished(self) -> None:
        if self._exhausted and not self._outstanding:
            self.finished.set()
