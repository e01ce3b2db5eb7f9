"""The station: where one process stands among the workers of a run.

It hears the conductor's messages, holds the worker of the run at hand, and answers. A worker that
cannot write into the run's folder, or has another clock, is *remote*: it writes to a temporary
folder, whose files are shipped (`harness.protocol.file_shipping`), and times reach it in its own clock.
"""

import logging
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, assert_never

import gevent

from harness import clock
from harness.errors import HarnessError, RunError
from harness.protocol.file_shipping import Shipper, boot_id, is_remote
from harness.protocol.messages import (
    TO_WORKER,
    Begin,
    Joined,
    JoinRefused,
    Live,
    Ping,
    Pong,
    ProblemFound,
    Promised,
    Stored,
    ToConductor,
    ToWorker,
    Zero,
    unpacked,
)
from harness.results.problem import Problem, ProblemKind
from harness.results.promise import Promise
from harness.scenario.scenario import Scenario
from harness.worker.recorder import Watchers
from harness.worker.worker import Worker

logger = logging.getLogger("jwtstorm")

LIVE_S = 0.5
FOLD_S = 0.25
SHIP_S = 0.1
STUCK_S = 12.0
"""A worker gives its last rows up when none has arrived for so long."""
Send = Callable[[ToConductor], None]


class LiveStats(Protocol):
    """Somebody who shows calls while they are made; told in batches."""

    def begin(self) -> None:
        """Take calls from now on."""

    def end(self) -> None:
        """Show what is left."""

    def fold(self) -> None:
        """Show what was told since the last time."""

    def watchers(self, on_error: Callable[[HarnessError], None]) -> Watchers:
        """Return what a worker tells of its calls and fetches."""


class WorkerAgent:
    """The worker's side of the messages in one process; ``send`` takes a message to the conductor."""

    def __init__(self, scenario: Scenario, live: LiveStats, send: Send) -> None:
        self.worker: Worker | None = None
        self._scenario = scenario
        self._live = live
        self._carry = send
        self._run = ""
        self._shipper: Shipper | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._tasks: list[gevent.Greenlet[..., None]] = []

    def hear(self, name: str, data: Mapping[str, Any]) -> None:
        """Take a message of the conductor's, one of `TO_WORKER`; what cannot be read lets no run begin or go on."""
        try:
            message = unpacked(name, data, TO_WORKER)
        except RunError as error:
            self._refuse_message(data, error)
        else:
            self._take(message)

    def _refuse_message(self, data: Mapping[str, Any], error: HarnessError) -> None:
        """Refuse the run that an unreadable message would begin, or give up the one that is on."""
        if self.worker is not None:
            self._tell(ProblemKind.WORKER_FAILED, str(error))
        elif isinstance(data, Mapping) and isinstance(run := data.get("run"), str):
            self._run = run
            self._refuse(str(error), error.exit_code)

    def _take(self, message: ToWorker) -> None:
        match message:
            case Begin():
                self._begin(message)
            case Ping():
                self._send(Pong(message.number, clock.monotonic_ns()))
            case Zero():
                if self.worker is not None:
                    self.worker.start(message.zero_ns)
            case Stored():
                if self._shipper is not None and message.run == self._run:
                    self._shipper.hear(message)
            case _:
                assert_never(message)

    def finish(self) -> None:
        """Close the worker and promise its rows, once they are where the conductor finds them."""
        if self.worker is None:
            return
        worker, self.worker = self.worker, None
        gevent.killall(self._tasks)
        promise = worker.finish()
        self._live.end()
        if self._shipper is None:
            self._send(Promised(promise))
        else:  # not here: Locust hears nothing, and so no answer, before this returns
            gevent.spawn(self._ship_rest, self._shipper, promise)

    # --- messages ----------------------------------------------------------------------------

    def _begin(self, begin: Begin) -> None:
        self._run = begin.run
        try:
            remote = self._settle(begin)
            folder = self._folder.name if self._folder is not None else begin.run
            told = self._live.watchers(lambda error: self._tell(ProblemKind.RECORD, str(error)))
            self.worker = Worker(self._scenario, replace(begin, run=folder), told)
            seen = self.worker.preflight()
        except HarnessError as error:
            self._refuse(str(error), error.exit_code)
        except Exception as error:  # Locust would log it and go on, and nobody would know why there are no calls
            logger.exception("cannot begin")
            text = f"worker {begin.worker} could not begin ({type(error).__name__}: {error}); see its log"
            self._refuse(text, RunError.exit_code)
        else:
            self._live.begin()
            self._tasks = [gevent.spawn(self._tell_live, self.worker), gevent.spawn(self._fold_for_ever)]
            if remote:
                self._shipper = Shipper(Path(folder), begin.worker, self._send, clock.monotonic)
                self._tasks.append(gevent.spawn(self._ship_for_ever, self._shipper))
            self._send(Joined(remote, tuple(seen)))

    def _settle(self, begin: Begin) -> bool:
        """Find out where the worker is, and make its folder where that is elsewhere; tell whether it is remote."""
        if begin.fingerprint != self._scenario.fingerprint():
            raise RunError(f"worker {begin.worker} has another version of the scenario; start it with the same files")
        endpoint = self._scenario.endpoint
        lab_serves = bool(begin.token_url) or endpoint is None or begin.target != endpoint.addresses[0]
        if lab_serves and begin.boot_id != boot_id():
            raise RunError(
                f"worker {begin.worker} is on another host, and the lab and its proxy serve the conductor's host "
                "alone; give the scenario a target= and an issuer= that both hosts reach, and no fault on a link"
            )
        self._shipper = self._folder = None
        if is_remote(begin.boot_id, Path(begin.run), os.environ):
            self._folder = tempfile.TemporaryDirectory(prefix="jwtstorm-", ignore_cleanup_errors=True)
        return self._folder is not None

    # --- what it tells -----------------------------------------------------------------------

    def _send(self, message: ToConductor) -> None:
        self._carry(replace(message, run=self._run))

    def _tell(self, kind: ProblemKind, text: str) -> None:
        self._send(ProblemFound(Problem(kind, text)))

    def _refuse(self, text: str, exit_code: int) -> None:
        """Say why no run can begin here, and keep nothing of it."""
        worker, self.worker = self.worker, None
        if worker is not None:
            worker.finish()
        self._send(JoinRefused(text, exit_code))

    def _tell_live(self, worker: Worker) -> None:
        while True:
            gevent.sleep(LIVE_S)
            self._send(Live(dict(worker.recording.live), worker.since_zero(), worker.pacer.finished.is_set()))

    def _fold_for_ever(self) -> None:
        while True:
            gevent.sleep(FOLD_S)
            self._live.fold()

    def _ship_for_ever(self, shipper: Shipper) -> None:
        try:
            while True:
                shipper.ship()
                gevent.sleep(SHIP_S)
        except HarnessError as error:
            self._tell(ProblemKind.RECORD, str(error))

    def _ship_rest(self, shipper: Shipper, promise: Promise) -> None:
        folder, self._folder = self._folder, None
        try:
            while not shipper.done and shipper.stuck_s < STUCK_S:
                shipper.ship()
                gevent.sleep(SHIP_S / 2)
        except HarnessError as error:
            self._tell(ProblemKind.RECORD, str(error))
        self._send(Promised(promise))
        if folder is not None:
            folder.cleanup()
