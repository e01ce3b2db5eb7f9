"""The conductor: one run from its folder to its report.

It lives in Locust's local runner or master. It starts the lab, tells the workers to begin, sets
time zero, carries the timeline out, and ends the run exactly once, whoever asks: take every fault
back, stop the users, wait for the workers' promises, stop the lab, merge and report.
"""

import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from harness import clock
from harness.conductor.environment import Environment
from harness.conductor.report_process import make_report
from harness.conductor.run_folder import RunFolder, RunSettings
from harness.conductor.staging import choose_transport, lab_plan
from harness.conductor.workers import Runner, Workers
from harness.endpoint import proxy
from harness.endpoint.safety import guard_endpoint, guard_source, is_elsewhere
from harness.errors import HarnessError, RunError
from harness.preflight import Mark, StepResult
from harness.protocol.live_measures import Renewals, Told, measures_so_far, poisoned_in, progress_line
from harness.protocol.task_errors import sentences
from harness.records import plain
from harness.results.fault_journal import clock_readings
from harness.results.problem import Problem, ProblemKind
from harness.results.promise import Promise
from harness.scenario.about import About
from harness.scenario.scenario import Scenario
from harness.transport.peers import total

logger = logging.getLogger("jwtstorm")

SPAWN_LEAD_S = 0.3
"""Time between setting zero and the first arrival, for the message to reach every worker."""


class Conductor:
    """One run; `begin`, `spawned` and `finish` in this order, `interrupt` at any time."""

    def __init__(self, scenario: Scenario, about: About, settings: RunSettings, crew: Runner) -> None:
        self.scenario = scenario
        self.exit_code = 3
        self.broken = False
        """Whether something happened that must end the run: `interrupt` and `finish` are due."""
        self.said = ""
        """The verdict with its reasons and where the report is, for people; empty before it is known."""
        self._about = about
        self._settings = settings
        self._crew = crew
        self._folder: RunFolder | None = None
        self._stage: Environment | None = None
        self._roster: Workers | None = None
        self._problems: list[Problem] = []
        self._interrupted: str | None = None
        self._zero_ns: int | None = None
        self._over = threading.Event()
        self._done = threading.Event()
        self._zero_claimed = threading.Lock()
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

    @property
    def live(self) -> Mapping[int, Counter[str]]:
        """Return final calls by outcome, and fetches, of each worker so far."""
        return self._roster.live if self._roster else {}

    def measures(self) -> Iterator[Told]:
        """Yield the measures of authentication so far."""
        if self._roster is None:
            return iter(())
        counts = sum(self._roster.since_zero.values(), Counter[str]())
        live, load, tokens = sum(self.live.values(), Counter[str]()), self.scenario.load, self.scenario.tokens
        now_s = min(max(self.now_s() or 0.0, 0.0), load.duration_s)
        renewals = Renewals(-(-load.max_users // tokens.callers), tokens.lifetime_s, now_s)
        return measures_so_far(counts, poisoned_in(live), renewals)

    def active(self) -> list[str]:
        """Return the ids of the steps in force."""
        return self._stage.active() if self._stage else []

    def now_s(self) -> float | None:
        """Return seconds from zero, or None before it is set."""
        return None if self._zero_ns is None else (clock.monotonic_ns() - self._zero_ns) / 1e9

    def begin(self) -> None:
        """Make the folder, start the lab, tell the workers; raises `HarnessError`, with nothing left running."""
        elsewhere = None if self.scenario.launch is not None else self.scenario.endpoint
        guard_endpoint(elsewhere, self._settings.allowed_targets)
        guard_source(self.scenario.issuer, self._settings.allowed_targets)
        if is_elsewhere(elsewhere):
            self._settings.ceilings.guard(self.scenario.load, self._settings.users)
        transport = choose_transport(self.scenario)
        declared = self._settings.declared or self.scenario
        self._folder = RunFolder.create(self._settings.reports, declared, self._about, self._settings.build)
        if self._settings.under_test:
            self._folder.update(under_test=self._settings.under_test)
        logger.info("%s: %s", self._about.name, self._folder.path)
        self._folder.update(transport=asdict(transport), proxy=proxy.told(_proxy_of(self.scenario)))
        logger.info("transport %s", transport.text())
        self._check_run_time()
        stage = self._stage = Environment(
            lab_plan(self.scenario, self._settings.environ), self.scenario.steps, self._folder.path
        )
        if not stage.set_up(self._over):
            return
        self._folder.update(**stage.about())
        self._roster = Workers(self._crew, self._folder.path.resolve(), self._break)
        members = self._roster.members
        orders = stage.orders(self._settings.users, transport.name, len(members), self.scenario.fingerprint())
        for member, begin in zip(members, orders, strict=True):
            self._crew.send(begin, member)
        self._roster.await_joined(self._over)
        self._note_preflight(self._folder, self._roster.seen)

    def spawned(self) -> bool:
        """Set time zero: all users are there, and the warm-up begins; tell whether it does, as it may once."""
        if self._roster is None or self._over.is_set() or not self._zero_claimed.acquire(blocking=False):
            return False
        try:
            self._roster.measure_clocks()
            for doubt in self._roster.doubts():
                logger.warning("%s", doubt)  # the verdict counts it, with what the clocks drift until the end
            return not self._over.is_set() and self._set_zero(self._roster)
        except RunError as error:
            self._break(Problem(ProblemKind.WORKER_FAILED, str(error)))
            return False

    def conduct(self) -> None:
        """Carry the timeline out and end the run; returns early when it is over early."""
        if self._zero_ns is None or self._stage is None:
            return
        if self._sleep_until(self._zero_ns):
            self._note_counters("zero")
        self._stage.run_timeline(self._zero_ns, self._sleep_until)
        if self._sleep_until(self._zero_ns + round(self.scenario.load.duration_s * 1e9)):
            self._await_drained()
            self.finish()

    def progress(self) -> str:
        """Return one line on how the run goes."""
        return progress_line(sum(self.live.values(), Counter[str]()), self.active(), self.now_s() or 0.0)

    def interrupt(self, reason: str) -> None:
        """Take every fault back at once, because the run ends before its plan; `finish` must follow.

        Where a problem ends it, the run is invalid rather than interrupted.
        """
        if self._over.is_set():
            return
        self._over.set()
        if not self._problems:
            self._interrupted = reason
        if self._stage is not None:
            self._stage.take_back()

    def hear(self, name: str, member: str, data: Mapping[str, Any]) -> None:
        """Take a worker's message; `broken` tells whether it must end the run."""
        if self._roster is not None:
            self._roster.hear(name, member, data)

    def hear_problem(self, problem: Problem) -> None:
        """Note something that makes the run doubtful, or invalid, once."""
        if problem not in self._problems:
            logger.log(logging.ERROR if problem.invalid else logging.WARNING, "%s", problem.text)
            self._problems.append(problem)

    def abandon(self, why: str) -> None:
        """End a run that could not begin: stop what was started, and say so and why in ``run.json``."""
        if not self._claimed.acquire(blocking=False):
            return
        self._over.set()
        self._close_stage()
        if self._folder is not None:
            self._folder.update(
                state="aborted",
                ended_utc=clock.utc_now().isoformat(timespec="milliseconds"),
                problems=plain([Problem(ProblemKind.NOT_BEGUN, why)]),
            )
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
            self._note_counters("end")
            self._dismiss()
            self._close_stage()
            self._write(ended_s)
            self._report()
        except HarnessError as error:
            logger.error("%s", error)  # noqa: TRY400 - people want the sentence, not the stack
        finally:
            self._done.set()

    # --- the beginning -----------------------------------------------------------------------

    def _set_zero(self, roster: Workers) -> bool:
        assert self._folder is not None  # noqa: S101 - begin made it
        zero_ns = clock.monotonic_ns() + round((self.scenario.load.warm_up_s + SPAWN_LEAD_S) * 1e9)
        self._folder.update(zero_ns=zero_ns, workers=plain(roster.promises()))
        roster.send_zero(zero_ns)
        self._zero_ns = zero_ns
        return True

    def _break(self, problem: Problem) -> None:
        self.hear_problem(problem)
        self.broken = True

    def _check_run_time(self) -> None:
        needed_s = self.scenario.load.warm_up_s + self.scenario.load.duration_s
        given_s = self._settings.run_time_s
        if given_s is not None and given_s < needed_s:
            text = f"-t {given_s:g} s ends the run before its plan of {needed_s:g} s; drop -t, or give more"
            self.hear_problem(Problem(ProblemKind.RUN_TIME, text))

    def _note_preflight(self, folder: RunFolder, seen: Sequence[StepResult]) -> None:
        """Write down what was seen of the target before the load, and warn of what makes its storm mean less."""
        if seen:
            folder.update(preflight=plain(seen))
        for line in seen:
            if line.mark in {Mark.WARN, Mark.FAIL}:
                text = f"before the load, {line.step.value}: {line.text}"
                self.hear_problem(Problem(ProblemKind.PREFLIGHT, text, invalid=False))

    def _note_counters(self, moment: str) -> None:
        """Write down what the lab's issuer was asked for so far; it may be out of reach."""
        if self._folder is None or self._stage is None:
            return
        with contextlib.suppress(HarnessError):
            counters = self._stage.issuer_counters()
            if counters is not None:
                self._folder.update(counters={**self._folder.data.get("counters", {}), moment: counters})

    # --- the end -----------------------------------------------------------------------------

    def _sleep_until(self, at_ns: int) -> bool:
        return not self._over.wait(max(0.0, (at_ns - clock.monotonic_ns()) / 1e9))

    def _await_drained(self) -> None:
        """Wait until every arrival has ended, as long as one may take."""
        if self._roster is not None:
            self._roster.await_drained(self.scenario.lag_bound_s + self.scenario.longest_call_s + 2.0, self._over)

    def _take_back(self) -> None:
        if self._stage is not None:
            self._problems += self._stage.take_back()

    def _dismiss(self) -> None:
        """Measure the workers' clocks again, stop their users, and wait for what they promise."""
        if self._roster is not None and self._zero_ns is not None:
            self._roster.measure_clocks(within_s=1.0)
        self._crew.stop()
        for text in self._roster.await_promises() if self._roster is not None else ():
            self.hear_problem(Problem(ProblemKind.WORKER_LOST, text))

    def _close_stage(self) -> None:
        if self._stage is None:
            return
        try:
            self._stage.close()
        except HarnessError as error:
            text = f"{error}; finish it with: jwtstorm recover {self.folder}"
            self.hear_problem(Problem(ProblemKind.UNDO_FAILED, text))

    def _write(self, ended_s: float | None) -> None:
        if self._folder is None:
            return
        promises = self._roster.promises() if self._roster is not None else []
        for error in filter(None, (promise.error for promise in promises)):
            self.hear_problem(Problem(ProblemKind.RECORD, error))
        for text in sentences(mishap for promise in promises for mishap in promise.mishaps):
            self.hear_problem(Problem(ProblemKind.TASK, text))
        complete = ended_s is not None and ended_s >= self.scenario.load.duration_s
        self._folder.update(
            state="interrupted" if self._interrupted else "complete" if complete else "aborted",
            interrupted=self._interrupted,
            ended_utc=clock.utc_now().isoformat(timespec="milliseconds"),
            ended_s=None if ended_s is None else min(ended_s, self.scenario.load.duration_s),
            transport={**self._folder.data["transport"], **_transport_of(promises)},
            workers=plain(promises),
            clocks=clock_readings(self._folder.path),
            problems=plain(self._problems),
        )
        self._folder.seal()

    def _report(self) -> None:
        if self._folder is None:
            return
        reported = make_report(self._folder.path, pictures=self._settings.pictures)
        if reported is not None:
            self.said = reported.said
            # Without a page there is no verdict: a report that broke must not read as a failed check.
            self.exit_code = reported.exit_code if reported.has_page else 130 if self._interrupted else 3


def _transport_of(promises: Sequence[Promise]) -> dict[str, Any]:
    """Return what the first worker that ended told of how it reached the target, and the peers of all of them.

    All were told the same; where a name has several addresses, each may have taken others.
    """
    told = [promise.transport for promise in promises if promise.transport]
    return {**told[0], "connected_to": total(told)} if told else {}


def _proxy_of(scenario: Scenario) -> str:
    return scenario.endpoint.proxy if scenario.endpoint is not None else ""
