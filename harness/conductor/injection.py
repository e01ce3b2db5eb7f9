"""Injection: carry the timeline's edges out on the environment, and take every fault back.

Each deed is an event of the fault journal (`harness.results.fault_events`); one that could not be done is also a
problem of the run.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypedDict

from harness import clock
from harness.errors import HarnessError, RecordError
from harness.faults import LabControls, Reading, Site
from harness.faults.timeline import Edge, Step, edges
from harness.results.fault_events import (
    AnyEvent,
    AppliedEvent,
    ApplyingEvent,
    FailedEvent,
    MeasuredEvent,
    PlannedEvent,
    PulsedEvent,
    UndoingEvent,
    UndoneEvent,
    VerifiedEvent,
)
from harness.results.fault_journal import FaultJournal
from harness.results.problem import Problem, ProblemKind

logger = logging.getLogger("jwtstorm")

_Doing = Literal["apply", "undo"]
_DONE: Mapping[_Doing, str] = {"apply": "applied", "undo": "undone"}
_FAILED: Mapping[_Doing, ProblemKind] = {"apply": ProblemKind.APPLY_FAILED, "undo": ProblemKind.UNDO_FAILED}


@dataclass
class Injection:
    """The faults of one run: applied at their edges, undone at theirs or by `undo_all`.

    ``proxies`` names the proxy of each link; ``now_ns`` is the monotonic clock of the parts' answers. All methods may
    be called from any thread; after `undo_all` nothing is applied any more.
    """

    steps: Sequence[Step]
    lab: LabControls
    journal: FaultJournal
    proxies: Mapping[str, str]
    now_ns: Callable[[], int] = clock.monotonic_ns
    problems: list[Problem] = field(default_factory=list)
    _zero_ns: int = 0
    _active: dict[str, Step] = field(default_factory=dict)
    _confirmed: set[str] = field(default_factory=set)
    _closed: bool = False
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def plan(self) -> None:
        """Write the whole plan down."""
        for edge in edges(self.steps):
            if edge.what != "pulse":
                self.journal.write(PlannedEvent(**_about(edge.step), edge=edge.what, plan_s=edge.at_s))

    def run(self, zero_ns: int, sleep_until_ns: Callable[[int], bool]) -> None:
        """Carry the edges out; ``sleep_until_ns`` returns False when the run is over early."""
        self._zero_ns = zero_ns
        for edge in edges(self.steps):
            if not sleep_until_ns(zero_ns + round(edge.at_s * 1e9)):
                return
            with self._lock:
                if self._closed:
                    return
                self._carry_out(edge)

    def active(self) -> list[str]:
        """Return the ids of the steps in force."""
        with self._lock:
            return list(self._active)

    def undo_all(self) -> None:
        """Take back whatever is in force, last applied first, and apply nothing from now on."""
        with self._lock:
            self._closed = True
            for step in reversed(list(self._active.values())):
                self._end(step, None)

    def _carry_out(self, edge: Edge) -> None:
        if edge.what == "start":
            self._start(edge)
        elif edge.what == "end":
            self._end(edge.step, edge.at_s)
        elif edge.step.id in self._confirmed:
            self._pulse(edge)

    def _pulse(self, edge: Edge) -> None:
        step = edge.step
        try:
            at_ns = step.lab_fault.pulse(self.lab, self._site(step))
        except Exception as error:  # noqa: BLE001 - a fault that a scenario brought may raise anything
            self._fail("apply", step, error)
            return
        self._note(PulsedEvent(**_about(step), plan_s=edge.at_s, **self._moment(at_ns)))

    def _start(self, edge: Edge) -> None:
        step = edge.step
        if step.fault.seat == "call":
            at_ns = self._zero_ns + round(edge.at_s * 1e9)
            self._note(AppliedEvent(**_about(step), plan_s=edge.at_s, **self._moment(at_ns)))
            self._log(at_ns, step)
            if not step.fault.instant:
                self._active[step.id] = step
            return
        site = self._site(step)
        try:
            undo = tuple(step.lab_fault.undo(site))
            self.journal.write(ApplyingEvent(**_about(step), plan_s=edge.at_s, at_s=self._now_s(), undo=undo))
            if not step.fault.instant:
                self._active[step.id] = step
            at_ns = step.lab_fault.apply(self.lab, site)
        except Exception as error:  # noqa: BLE001 - a fault that a scenario brought may raise anything
            self._fail("apply", step, error)
            return
        self._note(AppliedEvent(**_about(step), plan_s=edge.at_s, **self._moment(at_ns)))
        self._log(at_ns, step)
        self._verify(step, active=True)

    def _end(self, step: Step, plan_s: float | None) -> None:
        if self._active.pop(step.id, None) is None:
            return  # it could not be applied
        if step.fault.seat == "call":
            at_ns = self.now_ns() if plan_s is None else self._zero_ns + round(plan_s * 1e9)
            self._note(UndoneEvent(**_about(step), plan_s=plan_s, **self._moment(at_ns)))
            self._log(at_ns, step, "over: ")
            return
        if plan_s is not None and step.id in self._confirmed:
            self._measure(step)
        self._note(UndoingEvent(**_about(step), plan_s=plan_s, at_s=self._now_s()))
        at_ns = 0
        try:
            for command in step.lab_fault.undo(self._site(step)):
                at_ns = int(self.lab.do(command)["at_ns"])
        except Exception as error:  # noqa: BLE001 - whatever one undo raises, the others must be carried out
            self._fail("undo", step, error)
            return
        self._note(UndoneEvent(**_about(step), plan_s=plan_s, **self._moment(at_ns)))
        self._log(at_ns, step, "over: ")
        self._verify(step, active=False)

    def _measure(self, step: Step) -> None:
        """Read a fault once more at its end: a drift has its offset now, and nobody else may have ended it."""
        reading = self._read(step, "apply")
        if reading is None:
            return
        self._note(MeasuredEvent(**_about(step), active=reading.active, reading=dict(reading.measured)))
        if not reading.active:
            self._fail("apply", step, HarnessError(f"{step.fault.text()}: was no longer in force at its end"))

    def _verify(self, step: Step, *, active: bool) -> None:
        phase: _Doing = "apply" if active else "undo"
        reading = self._read(step, phase)
        if reading is None:
            return
        measured = dict(reading.measured)
        self._note(VerifiedEvent(**_about(step), active=reading.active, at_s=self._now_s(), reading=measured))
        if active and reading.active:
            self._confirmed.add(step.id)
        if reading.active != active:
            said = "is not in force after it was applied" if active else "is still in force after it was undone"
            self._fail(phase, step, HarnessError(f"{step.fault.text()}: {said}"))

    def _read(self, step: Step, phase: _Doing) -> Reading | None:
        try:
            return step.lab_fault.read(self.lab, self._site(step))
        except Exception as error:  # noqa: BLE001 - a fault that a scenario brought may raise anything
            self._fail(phase, step, error)
            return None

    def _fail(self, phase: _Doing, step: Step, error: Exception) -> None:
        text = str(error) if isinstance(error, HarnessError) else f"{type(error).__name__}: {error}"
        self._note(FailedEvent(**_about(step), phase=phase, text=text))
        self.problems.append(Problem(_FAILED[phase], f"{step.id} could not be {_DONE[phase]}: {text}"))

    def _note(self, event: AnyEvent) -> None:
        """Write an event down; where the journal refuses, go on: an undo must never wait for a disk."""
        try:
            self.journal.write(event)
        except RecordError as error:
            problem = Problem(ProblemKind.JOURNAL_FAILED, str(error))
            if problem not in self.problems:
                self.problems.append(problem)

    def _log(self, at_ns: int, step: Step, what: str = "") -> None:
        logger.info("%5.1f s: %s%s", (at_ns - self._zero_ns) / 1e9, what, step.fault.text())

    def _moment(self, at_ns: int) -> "_Moment":
        return {"at_ns": at_ns, "at_s": (at_ns - self._zero_ns) / 1e9}

    def _now_s(self) -> float:
        return (self.now_ns() - self._zero_ns) / 1e9

    def _site(self, step: Step) -> Site:
        return Site(step.id, step.toxicity, self.proxies)


class _About(TypedDict):
    step: str
    fault: str
    seat: str


class _Moment(TypedDict):
    at_ns: int
    at_s: float


def _about(step: Step) -> _About:
    return {"step": step.id, "fault": step.fault.name(), "seat": step.fault.seat}
