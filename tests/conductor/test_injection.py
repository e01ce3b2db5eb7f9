import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

from harness.conductor.injection import Injection
from harness.errors import LabError, RecordError
from harness.faults import (
    ClockSkew,
    Command,
    ExpireAll,
    ForceRefresh,
    IssuerDown,
    LabControls,
    LabFault,
    Latency,
    Reading,
    Site,
    fault_from_json,
)
from harness.faults.timeline import Planned, at, number
from harness.results.fault_events import (
    AnyEvent,
    AppliedEvent,
    ApplyingEvent,
    Event,
    FailedEvent,
    PlannedEvent,
    PulsedEvent,
    StepEvent,
    UndoneEvent,
    VerifiedEvent,
)
from harness.results.fault_journal import FaultJournal, read_events
from tests.fakes.lab import LINKS, FakeLab

DOWN, LATENCY = IssuerDown(), Latency("target", 0.4)
EXPIRE, FORCE = ExpireAll(), ForceRefresh()
SKEW = ClockSkew("issuer", 5.0)
ZERO_NS = 500


E = TypeVar("E", bound=Event)


class Bench:
    """An injection over a fake lab, with a real journal; time passes as fast as it is asked for."""

    def __init__(self, run: Path, *planned: Planned, lab: FakeLab | None = None) -> None:
        self.folder = run
        self.lab = lab or FakeLab()
        self.journal = FaultJournal(run)
        self.injection = Injection(number(planned), self.lab, self.journal, LINKS)

    def run(self, until_s: float = float("inf")) -> None:
        self.injection.run(ZERO_NS, lambda at_ns: at_ns <= ZERO_NS + until_s * 1e9)

    def events(self) -> list[AnyEvent]:
        return list(read_events(self.folder))

    def those(self, kind: type[E]) -> list[E]:
        return [event for event in self.events() if isinstance(event, kind)]

    def order(self) -> list[tuple[str, str | None]]:
        return [(event.name(), event.step) for event in self.events() if isinstance(event, StepEvent | FailedEvent)]


def failing(*actions: str) -> Callable[[Command], None]:
    def refuse(command: Command) -> None:
        if command.action in actions:
            raise LabError(f"{command.action} was refused")

    return refuse


def test_a_fault_lives_in_the_journal_from_applying_to_its_second_verified(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=2))
    bench.run()
    step = "1-issuer_down"
    lives = ("applying", "applied", "verified", "measured", "undoing", "undone", "verified")
    assert bench.order() == [(event, step) for event in lives]
    assert [event.active for event in bench.those(VerifiedEvent)] == [True, False]
    assert bench.injection.problems == []


def test_the_undo_is_on_disk_before_the_fault_is_applied(tmp_path: Path) -> None:
    seen: list[list[AnyEvent]] = []
    lab = FakeLab(lambda _: seen.append(list(read_events(tmp_path))))
    bench = Bench(tmp_path, at(1, SKEW, until_s=2), lab=lab)
    bench.run(until_s=1)
    (before,) = seen
    (applying,) = before
    assert isinstance(applying, ApplyingEvent)
    assert applying.undo == tuple(SKEW.undo(Site("1-clock_skew")))


def test_nothing_is_applied_that_could_not_be_written_down(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / "faults.ndjson").symlink_to("/dev/full")
    bench = Bench(tmp_path, at(1, DOWN, until_s=2), at(3, EXPIRE))
    bench.run()
    assert bench.lab.done == []
    kinds = {problem.kind for problem in bench.injection.problems}
    assert kinds == {"apply_failed", "journal_failed"}


def test_a_fault_is_taken_back_even_when_the_journal_refuses(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=5), at(2, SKEW, until_s=6))
    before = bench.lab.everything()
    bench.run(until_s=2)
    bench.journal.close()
    bench.injection.undo_all()
    assert bench.lab.everything() == before
    assert [problem.kind for problem in bench.injection.problems] == ["journal_failed"]


def test_the_plan_tells_every_edge_before_anything_begins(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(2, EXPIRE), at(1, DOWN, until_s=3))
    bench.injection.plan()
    told = [(event.edge, event.step, event.plan_s) for event in bench.those(PlannedEvent)]
    assert told == [("start", "1-issuer_down", 1), ("start", "2-expire_all", 2), ("end", "1-issuer_down", 3)]
    assert bench.lab.done == []


def test_edges_are_told_in_seconds_from_zero_as_they_really_were(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=2))
    bench.run()
    (applied,) = bench.those(AppliedEvent)
    assert applied.plan_s == 1
    assert applied.at_ns == 1_001
    assert applied.at_s == (1_001 - ZERO_NS) / 1e9


def test_a_fault_per_call_has_the_planned_edges_and_touches_no_lab(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1.5, FORCE))
    bench.run()
    (applied,) = bench.events()
    assert isinstance(applied, AppliedEvent)
    assert (applied.seat, applied.at_s) == ("call", 1.5)
    assert bench.lab.done == []
    assert bench.injection.active() == []


def test_an_instant_fault_is_applied_and_verified_and_never_undone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, EXPIRE))
    bench.run()
    bench.injection.undo_all()
    assert [event for event, _ in bench.order()] == ["applying", "applied", "verified"]


def test_active_names_what_is_in_force(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=4), at(2, SKEW, until_s=3))
    bench.run(until_s=2)
    assert bench.injection.active() == ["1-issuer_down", "2-clock_skew"]


def test_undo_all_takes_the_last_applied_back_first(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=9), at(2, LATENCY, until_s=8), at(3, SKEW, until_s=9))
    before = bench.lab.everything()
    bench.run(until_s=3)
    bench.injection.undo_all()
    assert [event.step for event in bench.those(UndoneEvent)] == ["3-clock_skew", "2-latency", "1-issuer_down"]
    assert bench.lab.everything() == before
    assert bench.injection.active() == []


def test_undo_all_twice_undoes_once(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=9))
    bench.run(until_s=1)
    bench.injection.undo_all()
    done, told = len(bench.lab.done), len(bench.events())
    bench.injection.undo_all()
    assert (len(bench.lab.done), len(bench.events())) == (done, told)


def test_nothing_is_applied_after_undo_all(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=2), at(3, EXPIRE))
    bench.injection.undo_all()
    bench.run()
    assert bench.lab.done == []
    assert bench.events() == []


def test_undo_all_waits_for_a_fault_that_is_being_applied(tmp_path: Path) -> None:
    applying, go_on = threading.Event(), threading.Event()

    def hold(command: Command) -> None:
        if command.arguments.get("down"):
            applying.set()
            assert go_on.wait(30)

    bench = Bench(tmp_path, at(1, DOWN, until_s=2), at(3, SKEW, until_s=4), lab=FakeLab(hold))
    before = bench.lab.everything()
    runner = threading.Thread(target=bench.run)
    runner.start()
    assert applying.wait(30)
    undoer = threading.Thread(target=bench.injection.undo_all)
    undoer.start()
    go_on.set()
    for thread in (runner, undoer):
        thread.join(30)
    assert bench.lab.everything() == before
    assert bench.injection.active() == []


def test_a_run_that_is_over_early_carries_no_further_edge_out(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=9), at(2, EXPIRE))
    bench.run(until_s=1)
    assert [event.step for event in bench.those(AppliedEvent)] == ["1-issuer_down"]


def test_a_fault_that_cannot_be_applied_is_a_problem_and_is_still_taken_back(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, LATENCY, until_s=2), lab=FakeLab(failing("add_toxic")))
    bench.run()
    (problem,) = bench.injection.problems
    assert (problem.kind, problem.text) == ("apply_failed", "1-latency could not be applied: add_toxic was refused")
    assert [event for event, _ in bench.order()] == ["applying", "failed", "undoing", "undone", "verified"]


def test_a_fault_that_cannot_be_undone_is_a_problem_and_the_others_are_undone(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=9), at(2, LATENCY, until_s=9), lab=FakeLab(failing("remove_toxic")))
    bench.run(until_s=2)
    bench.injection.undo_all()
    (problem,) = bench.injection.problems
    assert problem.kind == "undo_failed"
    (failed,) = bench.those(FailedEvent)
    assert (failed.step, failed.phase) == ("2-latency", "undo")
    assert not bench.lab.state("issuer")["down"]


def test_whatever_an_undo_raises_the_others_are_undone(tmp_path: Path) -> None:
    def crash(command: Command) -> None:
        if command.action == "remove_toxic":
            raise KeyError("at_ns")

    bench = Bench(tmp_path, at(1, DOWN, until_s=9), at(2, LATENCY, until_s=9), lab=FakeLab(crash))
    bench.run(until_s=2)
    bench.injection.undo_all()
    assert [problem.kind for problem in bench.injection.problems] == ["undo_failed"]
    assert "KeyError" in bench.injection.problems[0].text
    assert not bench.lab.state("issuer")["down"]


@dataclass(frozen=True)
class Numb(LabFault, registered=False):
    """A fault of the lab whose reading a test decides."""

    reading: Reading | Exception

    def text(self) -> str:
        return "nothing at all"

    def undo(self, site: Site) -> tuple[Command, ...]:
        return (Command("issuer", "set_down", {"down": False}),)

    def apply(self, lab: LabControls, site: Site) -> int:
        return 1

    def read(self, lab: LabControls, site: Site) -> Reading:
        if isinstance(self.reading, Exception):
            raise self.reading
        return self.reading


@pytest.mark.parametrize(
    ("reading", "said", "phases"),
    [
        (Reading(active=False), "is not in force after it was applied", ["apply"]),
        (Reading(active=True), "is still in force after it was undone", ["undo"]),
        (LabError("the issuer did not answer state"), "did not answer state", ["apply", "undo"]),
        (KeyError("clock"), "KeyError: 'clock'", ["apply", "undo"]),
    ],
)
def test_a_reading_that_does_not_fit_is_a_problem(
    tmp_path: Path, reading: Reading | Exception, said: str, phases: list[str]
) -> None:
    bench = Bench(tmp_path, at(1, Numb(reading), until_s=2))
    bench.run()
    assert [event.phase for event in bench.those(FailedEvent)] == phases
    assert [problem.kind for problem in bench.injection.problems] == [f"{phase}_failed" for phase in phases]
    assert said in bench.injection.problems[0].text


def test_a_fault_that_pulses_acts_again_until_its_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, fault_from_json("connection_churn", {"link": "target", "every_s": 0.5}), until_s=3))
    bench.run()
    assert [event.plan_s for event in bench.those(PulsedEvent)] == [1.5, 2.0, 2.5]
    cuts = [command for command in bench.lab.done if command.arguments.get("enabled") is False]
    assert len(cuts) == 4
    assert not bench.injection.problems


def test_a_journal_that_cannot_be_opened_says_that_nothing_was_injected(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="nothing was injected"):
        FaultJournal(tmp_path / "nowhere")


def test_a_fault_that_somebody_else_ended_is_a_problem(tmp_path: Path) -> None:
    bench = Bench(tmp_path, at(1, DOWN, until_s=2))

    def somebody_ends_it(at_ns: int) -> bool:
        if at_ns > ZERO_NS + 1_000_000_000:
            bench.lab.do(Command("issuer", "set_down", {"down": False}))
        return True

    bench.injection.run(ZERO_NS, somebody_ends_it)
    (problem,) = bench.injection.problems
    assert problem.kind == "apply_failed"
    assert "was no longer in force at its end" in problem.text
