"""The roster: the workers of one run as the conductor knows them, from joining to their promises."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, assert_never

from harness import clock
from harness.errors import HarnessError, RunError, UsageError
from harness.preflight import StepResult
from harness.protocol.clock_offset import ClockOffset, Pings
from harness.protocol.file_shipping import Dock
from harness.protocol.messages import (
    TO_CONDUCTOR,
    FileChunk,
    Joined,
    JoinRefused,
    Live,
    Ping,
    Pong,
    ProblemFound,
    Promised,
    ToConductor,
    ToWorker,
    Zero,
    unpacked,
)
from harness.results.problem import Problem, ProblemKind
from harness.results.promise import Promise
from harness.results.run import clock_doubt

JOIN_WITHIN_S = 60.0
"""Longer than a preflight may take (`harness.worker.preflight`)."""
MEASURE_WITHIN_S = 5.0
PROMISE_WITHIN_S = 15.0
"""A worker that says and ships nothing for so long is taken for lost."""
GONE_AFTER_S = 2.0
"""Locust forgets a worker for a moment when its users stop; one that stays away for so long is gone."""
_POLL_S = 0.02


class Runner(Protocol):
    """The workers of a run, as Locust knows them."""

    def members(self) -> list[str]:
        """Return the ids of the workers that will take part."""

    def send(self, message: ToWorker, member: str | None = None) -> None:
        """Send a message to one worker, or to all."""

    def stop(self) -> None:
        """Stop all users and wait until they have stopped."""


class Workers:
    """The conductor's side of the messages; a worker is known by its place among the members.

    ``on_problem`` is told of what makes the run invalid and ends it.
    """

    def __init__(self, crew: Runner, run: Path, on_problem: Callable[[Problem], None]) -> None:
        self.members = crew.members()
        self.live: dict[int, Counter[str]] = {}
        """Final calls by outcome, and fetches, of each worker so far."""
        self.since_zero: dict[int, Counter[str]] = {}
        """What each worker has counted since zero (`harness.protocol.live_measures`)."""
        self.seen: list[StepResult] = []
        """What the preflight of the workers saw of a target that is the user's own."""
        self._crew = crew
        self._run = str(run)
        self._dock = Dock(run)
        self._on_problem = on_problem
        self._joined: set[int] = set()
        self._refusal: HarnessError | None = None
        self._pings: dict[int, Pings] = {}
        self._drained: set[int] = set()
        self._promises: dict[int, Promise] = {}
        self._heard_s = clock.monotonic()

    def hear(self, name: str, member: str, data: Mapping[str, Any]) -> None:
        """Take a worker's message, one of `TO_CONDUCTOR`; one of another run, or of nobody's, is none."""
        if member not in self.members:
            return
        worker = self.members.index(member)
        try:
            message = unpacked(name, data, TO_CONDUCTOR)
        except RunError as error:
            self._on_problem(Problem(ProblemKind.WORKER_FAILED, f"worker {worker}: {error}"))
            return
        if message.run == self._run:
            self._take(worker, message)

    def await_joined(self, over: threading.Event) -> None:
        """Wait until every worker has taken the run up, or the run is over.

        Raises `RunError` that names those who did not, or the first one's reason why it cannot.
        """
        everybody = set(range(len(self.members)))
        if not _await(lambda: self._joined == everybody or self._refusal or over.is_set(), JOIN_WITHIN_S):
            silent = ", ".join(str(worker) for worker in sorted(everybody - self._joined))
            raise RunError(f"no answer from worker {silent}; start it with the same build, and see its log")
        if self._refusal is not None:
            raise self._refusal

    def measure_clocks(self, within_s: float = MEASURE_WITHIN_S) -> None:
        """Measure the clocks of the remote workers that are still here; again, to see what they drifted."""
        here = set(self._crew.members())
        under_way = [pings for worker, pings in self._pings.items() if self.members[worker] in here]
        for pings in under_way:
            pings.measure()
        _await(lambda: all(pings.done for pings in under_way), within_s)

    def send_zero(self, zero_ns: int) -> None:
        """Tell every worker, in its own clock, when zero is.

        Raises `RunError` where a worker's clock is not known.
        """
        offsets = [self._offset(worker) for worker in range(len(self.members))]
        for worker, offset in enumerate(offsets):
            if offset is None:
                raise RunError(f"worker {worker} answered no ping, so its clock is not known; see its log")
        for member, offset in zip(self.members, offsets, strict=True):
            self._crew.send(Zero(zero_ns + (offset or ClockOffset()).ns), member)

    def doubts(self) -> list[str]:
        """Return what is wrong with the clocks."""
        bounds = {worker: pings.offset.bound_s for worker, pings in self._pings.items() if pings.offset}
        return [text for worker, bound_s in bounds.items() if (text := clock_doubt(worker, bound_s))]

    def await_drained(self, within_s: float, over: threading.Event) -> None:
        """Wait until every arrival of every worker has ended, or the run is over."""
        _await(lambda: len(self._drained) == len(self.members) or over.is_set(), within_s)

    def await_promises(self) -> list[str]:
        """Wait until every worker has promised its rows; return what to say of those that did not."""
        self._heard_s = here_s = clock.monotonic()
        while owing := self._owing():
            now_s, here = clock.monotonic(), self._crew.members()
            if any(self.members[worker] in here for worker in owing):
                here_s = now_s
            if now_s > self._heard_s + PROMISE_WITHIN_S or now_s > here_s + GONE_AFTER_S:
                break
            threading.Event().wait(_POLL_S)
        return [
            f"worker {worker} did not say how many rows it wrote; it may have died" for worker in sorted(self._owing())
        ]

    def promises(self) -> list[Promise]:
        """Return what each worker promised, with what is known of its clock; one that has not has no rows."""
        return [self._with_clock(worker) for worker in range(len(self.members))]

    def _with_clock(self, worker: int) -> Promise:
        offset = self._offset(worker) or ClockOffset()
        return replace(
            self._promises.get(worker, Promise(worker)),
            worker=worker,
            remote=worker in self._pings,
            clock_offset_ns=offset.ns,
            clock_bound_s=offset.bound_s,
        )

    # --- messages ----------------------------------------------------------------------------

    def _take(self, worker: int, message: ToConductor) -> None:
        match message:
            case Joined():
                self._note_joined(worker, message)
            case Pong():
                if worker in self._pings:
                    self._pings[worker].hear(message)
            case Live():
                self._note_live(worker, message)
            case FileChunk():
                self._store(worker, message)
            case Promised():
                self._heard_s = clock.monotonic()
                self._promises[worker] = message.promise
            case ProblemFound():
                self._on_problem(message.problem)
            case JoinRefused():
                kind = UsageError if message.exit_code == UsageError.exit_code else RunError
                self._refusal = self._refusal or kind(message.text)
            case _:
                assert_never(message)

    def _note_joined(self, worker: int, message: Joined) -> None:
        self._joined.add(worker)
        self.seen += message.preflight
        if message.remote:
            member = self.members[worker]
            self._pings[worker] = Pings(lambda number: self._crew.send(Ping(number), member), clock.monotonic_ns)

    def _note_live(self, worker: int, told: Live) -> None:
        self.live[worker] = Counter(told.counts)
        self.since_zero[worker] = Counter(told.since_zero)
        if told.finished:
            self._drained.add(worker)

    def _store(self, worker: int, chunk: FileChunk) -> None:
        if worker not in self._pings:
            return  # it writes into the run's folder itself, and nobody else may in its name
        try:
            stored = self._dock.take(worker, chunk)
        except HarnessError as error:
            self._on_problem(Problem(ProblemKind.RECORD, str(error)))
            return
        self._heard_s = clock.monotonic()
        self._crew.send(replace(stored, run=self._run), self.members[worker])

    # --- what is known -----------------------------------------------------------------------

    def _offset(self, worker: int) -> ClockOffset | None:
        return self._pings[worker].offset if worker in self._pings else ClockOffset()

    def _owing(self) -> set[int]:
        return set(range(len(self.members))) - self._promises.keys()


def _await(done: Callable[[], object], within_s: float) -> bool:
    until_s = clock.monotonic() + within_s
    while not done():
        if clock.monotonic() > until_s:
            return False
        threading.Event().wait(_POLL_S)
    return True
