"""The conductor: one run from its folder to its report.

It lives in Locust's local runner or master. It starts the lab, tells the workers to begin, sets
time zero, carries the timeline out, and ends the run exactly once, whoever asks: take every fault
back, stop the users, wait for the workers' promises, stop the lab, merge and report.
"""

import logging
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness import clock
from harness.errors import HarnessError
from harness.injection import Injection, Problem
from harness.journal import FaultJournal, clock_readings
from harness.lab.running import Lab
from harness.parts import Parts
from harness.runfolder import RunFolder
from harness.scenario import About, Scenario
from harness.staging import guard_target, lab_note, lab_plan
from harness.worker import Begin

logger = logging.getLogger("jwtstorm")

SPAWN_LEAD_S = 0.3
"""Time between setting zero and the first arrival, for the message to reach every worker."""
PROMISE_WITHIN_S = 15.0
REPORT_WITHIN_S = 600.0


class Crew(Protocol):
    """The workers of a run, as Locust knows them."""

    def members(self) -> list[str]:
        """Return the ids of the workers that will take part."""

    def send(self, message: str, data: Mapping[str, Any], member: str | None = None) -> None:
        """Send a message to one worker, or to all."""

    def stop(self) -> None:
        """Stop all users and wait until they have stopped."""


@dataclass(frozen=True)
class RunSettings:
    """What the command line adds to a scenario; ``run_time_s`` is Locust's ``-t``, or None."""

    reports: Path
    build: str
    users: int
    run_time_s: float | None = None
    allowed_targets: frozenset[str] = frozenset()
    environ: Mapping[str, str] = field(default_factory=dict)


class Conductor:
    """One run; `begin`, `spawned` and `finish` in this order, `interrupt` at any time."""

    def __init__(self, scenario: Scenario, about: About, settings: RunSettings, crew: Crew) -> None:
        self.scenario = scenario
        self.exit_code = 3
        self.live: dict[int, Counter[str]] = {}
        """Final calls by outcome, and fetches, of each worker so far."""
        self._about = about
        self._settings = settings
        self._crew = crew
        self._folder: RunFolder | None = None
        self._lab: Lab | None = None
        self._journal: FaultJournal | None = None
        self._injection: Injection | None = None
        self._members: list[str] = []
        self._promises: dict[int, Mapping[str, Any]] = {}
        self._drained: set[int] = set()
        self._problems: list[Problem] = []
        self._interrupted: str | None = None
        self._zero_ns: int | None = None
        self._over = threading.Event()
        self._done = threading.Event()
        self._claimed = threading.Lock()

    @property
    def folder(self) -> Path | None:
        """Return the run's folder, once it is there."""
        return self._folder.path if self._folder else None

    @property
    def finished(self) -> bool:
        """Tell whether the run has ended and its report is written."""
        return self._done.is_set()

    @property
    def ending(self) -> bool:
        """Tell whether the load is over, by plan or by interruption."""
        return self._over.is_set()

    def active(self) -> list[str]:
        """Return the ids of the steps in force."""
        return self._injection.active() if self._injection else []

    def now_s(self) -> float | None:
        """Return seconds from zero, or None before it is set."""
        return None if self._zero_ns is None else (clock.monotonic_ns() - self._zero_ns) / 1e9

    def begin(self) -> None:
        """Make the folder, start the lab, tell the workers; raises `HarnessError`, with nothing left running."""
        guard_target(self.scenario.target, self._settings.allowed_targets)
        self._folder = RunFolder.create(self._settings.reports, self.scenario, self._about, self._settings.build)
        logger.info("%s: %s", self._about.name, self._folder.path)
        self._check_run_time()
        journal = self._journal = FaultJournal(self._folder.path)
        environ = self._settings.environ
        # Before the lab starts, and again when it is there: a killed conductor must be followed up.
        journal.write("lab", **lab_note(self.scenario, environ, None))
        self._lab = Lab.start(lab_plan(self.scenario, environ), self._folder.path)
        if self._over.is_set():  # somebody pressed stop meanwhile, and `finish` found no lab yet
            self._lab.stop()
            return
        journal.write("lab", **lab_note(self.scenario, environ, self._lab))
        self._folder.update(links=self._lab.links)
        parts = Parts(self._lab.issuer, self._lab.target, self._lab.proxy)
        self._injection = Injection(self.scenario.steps, parts, journal, self._lab.proxies)
        self._injection.plan()
        self._members = self._crew.members()
        for worker, member in enumerate(self._members):
            self._crew.send("jwtstorm-begin", self._orders(worker, self._lab).to_json(), member)

    def spawned(self) -> None:
        """Set time zero: all users are there, and the warm-up begins."""
        if self._zero_ns is not None or self._over.is_set() or self._folder is None:
            return
        self._zero_ns = clock.monotonic_ns() + round((self.scenario.load.warm_up_s + SPAWN_LEAD_S) * 1e9)
        self._folder.update(zero_ns=self._zero_ns)
        self._crew.send("jwtstorm-zero", {"zero_ns": self._zero_ns})

    def conduct(self) -> None:
        """Carry the timeline out and end the run; returns early when it is over early."""
        if self._zero_ns is None or self._injection is None:
            return
        self._injection.run(self._zero_ns, self._sleep_until)
        if self._sleep_until(self._zero_ns + round(self.scenario.load.duration_s * 1e9)):
            self._await_drained()
            self.finish()

    def progress(self) -> str:
        """Return one line on how the run goes."""
        counts = sum(self.live.values(), Counter[str]())
        fetches, good = counts.pop("fetches", 0), counts.pop("ok", 0)
        failed = ", ".join(f"{outcome} {count:,}" for outcome, count in counts.most_common(3)) or "none"
        active = ", ".join(self.active()) or "none"
        now_s = self.now_s() or 0.0
        return f"{now_s:5.1f} s: {good:,} calls good; failed: {failed}; token fetches {fetches:,}; active: {active}"

    def interrupt(self, reason: str) -> None:
        """Take every fault back at once, because the run ends before its plan; `finish` must follow.

        Where a problem ends it, the run is invalid rather than interrupted.
        """
        if self._over.is_set():
            return
        self._over.set()
        if not self._problems:
            self._interrupted = reason
        if self._injection is not None:
            self._injection.undo_all()

    def hear_live(self, data: Mapping[str, Any]) -> None:
        """Take a worker's counts."""
        self.live[data["worker"]] = Counter(data["counts"])
        if data["finished"]:
            self._drained.add(data["worker"])

    def hear_promise(self, data: Mapping[str, Any]) -> None:
        """Take a worker's promise: it has written its last row."""
        self._promises[data["worker"]] = data

    def hear_problem(self, kind: str, text: str) -> None:
        """Note something that makes the run invalid."""
        if not any(problem.kind == kind and problem.text == text for problem in self._problems):
            logger.error("%s", text)
            self._problems.append(Problem(kind, text))

    def abandon(self) -> None:
        """End a run that could not begin: stop what was started, and say so in ``run.json``."""
        if not self._claimed.acquire(blocking=False):
            return
        self._over.set()
        self._close_lab()
        if self._folder is not None:
            self._folder.update(state="aborted", ended_utc=clock.utc_now().isoformat(timespec="milliseconds"))
        self._done.set()

    def finish(self) -> None:
        """End the run, once; a second caller waits for the first."""
        if not self._claimed.acquire(blocking=False):
            self._done.wait()
            return
        try:
            self._over.set()
            ended_s = self.now_s()
            self._take_back()
            self._crew.stop()
            self._await_promises()
            self._close_lab()
            self._write(ended_s)
            self._report()
        except HarnessError as error:
            logger.error("%s", error)  # noqa: TRY400 - people want the sentence, not the stack
        finally:
            self._done.set()

    # --- the beginning -----------------------------------------------------------------------

    def _orders(self, worker: int, lab: Lab) -> Begin:
        assert self._folder is not None  # noqa: S101 - begin made it
        client = lab.clients[0] if lab.clients else None
        return Begin(
            run=str(self._folder.path.resolve()),
            worker=worker,
            workers=len(self._members),
            users=self._settings.users,
            target=lab.addresses["target"],
            fingerprint=self.scenario.fingerprint(),
            token_url=lab.token_url or "",
            client_id=client.client_id if client else "",
            secret=client.secret if client else "",
        )

    def _check_run_time(self) -> None:
        needed_s = self.scenario.load.warm_up_s + self.scenario.load.duration_s
        given_s = self._settings.run_time_s
        if given_s is not None and given_s < needed_s:
            text = f"-t {given_s:g} s ends the run before its plan of {needed_s:g} s; drop -t, or give more"
            self.hear_problem("run_time", text)

    # --- the end -----------------------------------------------------------------------------

    def _sleep_until(self, at_ns: int) -> bool:
        return not self._over.wait(max(0.0, (at_ns - clock.monotonic_ns()) / 1e9))

    def _await_drained(self) -> None:
        """Wait until every arrival has ended, as long as one may take."""
        until_s = clock.monotonic() + self.scenario.lag_bound_s + self.scenario.deadline_s + 2.0
        while len(self._drained) < len(self._members) and clock.monotonic() < until_s:
            if self._over.wait(0.05):
                return

    def _take_back(self) -> None:
        if self._injection is not None:
            self._injection.undo_all()
            self._problems += self._injection.problems

    def _await_promises(self) -> None:
        until_s = clock.monotonic() + PROMISE_WITHIN_S
        while self._someone_may_promise() and clock.monotonic() < until_s:
            threading.Event().wait(0.05)
        for worker in range(len(self._members)):
            if worker not in self._promises:
                self.hear_problem(
                    "worker_lost", f"worker {worker} did not say how many rows it wrote; it may have died"
                )

    def _someone_may_promise(self) -> bool:
        here = set(self._crew.members())
        return any(member in here and worker not in self._promises for worker, member in enumerate(self._members))

    def _close_lab(self) -> None:
        if self._lab is None or self._journal is None:
            return
        try:
            self._lab.stop()
            self._journal.write("closed")
        except HarnessError as error:
            self.hear_problem("undo_failed", f"{error}; finish it with: jwtstorm recover {self.folder}")
        self._journal.close()

    def _write(self, ended_s: float | None) -> None:
        if self._folder is None:
            return
        for promise in self._promises.values():
            if promise.get("error"):
                self.hear_problem("record", promise["error"])
        promises = [dict(self._promises[worker]) for worker in sorted(self._promises)]
        complete = ended_s is not None and ended_s >= self.scenario.load.duration_s
        self._folder.update(
            state="interrupted" if self._interrupted else "complete" if complete else "aborted",
            interrupted=self._interrupted,
            ended_utc=clock.utc_now().isoformat(timespec="milliseconds"),
            ended_s=None if ended_s is None else min(ended_s, self.scenario.load.duration_s),
            transport=promises[0]["transport"] if promises else {},
            workers=promises,
            clocks=clock_readings(self._folder.path),
            problems=[{"kind": problem.kind, "text": problem.text} for problem in self._problems],
        )
        self._folder.seal()

    def _report(self) -> None:
        """Merge and report in another process: heavy libraries stay out of this one."""
        if self._folder is None:
            return
        logger.info("writing the report")
        command = [sys.executable, "-m", "harness.report", str(self._folder.path)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=REPORT_WITHIN_S, check=False)
        except subprocess.TimeoutExpired:
            logger.error("the report took too long; make it with: jwtstorm report %s", self._folder.path)  # noqa: TRY400
            return
        sys.stdout.write(done.stdout)
        if done.stderr:
            logger.warning("%s", done.stderr.strip())
        # Without a page there is no verdict: a report that broke must not read as a failed check.
        self.exit_code = (
            done.returncode if (self._folder.path / "report.html").exists() else 130 if self._interrupted else 3
        )
