"""Recover, on journals written by hand as a killed conductor leaves them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.conductor.controls import Controls
from harness.conductor.recover import recover, unfinished_runs
from harness.errors import RecordError, UsageError
from harness.faults import ExpireAll, IssuerDown, LabFault, Latency, RunCommand, Site
from harness.lab.processes.child import Child, started_ticks
from harness.lab.toxiproxy.client import ProxyClient
from harness.results.fault_events import (
    AnyEvent,
    ApplyingEvent,
    ClosedEvent,
    FailedEvent,
    LabEvent,
    NotedProcess,
    NotedProxy,
    UndoneEvent,
)
from harness.results.fault_journal import FaultJournal, read_events

DOWN = IssuerDown()
LATENCY = Latency("target", 0.4)
DEAD = NotedProcess(2**22 + 1, 12)
NOBODY = "http://127.0.0.1:9"


class Run:
    """A run's folder under a reports folder, with the journal of a conductor that was killed."""

    def __init__(self, reports: Path, name: str = "20261123T200000Z") -> None:
        self.folder = reports / "expiry-storm" / "v1" / name
        self.folder.mkdir(parents=True)
        self.proxies = {"target": f"jwtstorm-{name}-target"}

    def write(self, event: AnyEvent) -> None:
        journal = FaultJournal(self.folder)
        journal.write(event)
        journal.close()

    def lab(self, url: str | None = None, **told: Any) -> None:
        proxy = NotedProxy("url", url) if url else NotedProxy("embedded")
        usual = {"conductor": DEAD, "proxies": self.proxies if url else {}}
        self.write(LabEvent(proxy=proxy, **{**usual, **told}))

    def applying(self, step: str, fault: LabFault) -> None:
        undo = tuple(fault.undo(Site(step, proxies=self.proxies)))
        self.write(ApplyingEvent(step=step, fault=fault.name(), seat=fault.seat, plan_s=10, undo=undo))

    def undone(self, step: str) -> None:
        self.write(UndoneEvent(step=step, fault="", seat="", plan_s=None, at_ns=0, at_s=0.0))

    def events(self) -> list[tuple[str, Any]]:
        return [(event.name(), getattr(event, "step", None)) for event in read_events(self.folder)]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_what_a_command_did_is_taken_back_by_its_undo(run: Run) -> None:
    run.lab()
    file = run.folder / "undone"
    undo = [sys.executable, "-c", f"open({str(file)!r}, 'a').write('x')"]
    run.applying("10-run_command", RunCommand(["rotate-keys"], undo_command=undo))
    assert unfinished_runs(run.folder.parents[2]) == [run.folder]
    found = recover(run.folder)
    assert found.failed == ()
    assert found.done == (f"10-run_command: {sys.executable} was run",)
    assert recover(run.folder).done == ()
    assert file.read_text() == "x"


def test_an_undo_that_fails_is_said_and_tried_again_next_time(run: Run) -> None:
    run.lab()
    run.applying("10-run_command", RunCommand(["rotate-keys"], undo_command=["false"]))
    for _ in range(2):
        (said,) = recover(run.folder).failed
        assert "false ended with exit code 1" in said


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[ProxyClient]:
    with Child.start("proxy", "harness.lab.proxy", {}, tmp_path / "proxy.log") as child:
        yield ProxyClient(child.ready["url"], timeout_s=10.0)


def test_what_lived_in_a_child_died_with_it(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    found = recover(run.folder)
    assert found.failed == ()
    assert found.done == ("10-issuer_down: it died with its process",)


def test_a_second_recovery_finds_nothing(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    recover(run.folder)
    assert recover(run.folder).done == ()


def test_a_step_that_was_undone_needs_nothing(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    run.undone("10-issuer_down")
    assert recover(run.folder).done == ()


def test_a_step_whose_undo_failed_is_still_open(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    run.write(FailedEvent(step="10-issuer_down", phase="undo", text="no answer"))
    assert recover(run.folder).done == ("10-issuer_down: it died with its process",)


def test_an_instant_fault_leaves_nothing_to_take_back(run: Run) -> None:
    run.lab()
    run.applying("10-expire_all", ExpireAll())
    assert recover(run.folder).done == ()


def test_a_journal_whose_last_line_is_cut_is_still_recovered(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    path = run.folder / "faults.ndjson"
    path.write_bytes(path.read_bytes() + b'{"event": "undone", "step": "10-iss')
    recover(run.folder)
    assert run.events()[-1] == ("recovered", "10-issuer_down")


def test_a_journal_that_was_cut_short_is_said(run: Run) -> None:
    run.lab()
    run.applying("10-issuer_down", DOWN)
    assert recover(run.folder).doubt is None
    with (run.folder / "faults.ndjson").open("a") as journal:
        journal.write('{"event": "applyi')
    assert recover(run.folder).doubt == "faults.ndjson: 1 line cut short, left out"


def test_a_run_whose_conductor_lives_is_left_alone(run: Run) -> None:
    run.lab(conductor=NotedProcess(os.getpid(), started_ticks(os.getpid())))
    run.applying("10-issuer_down", DOWN)
    with pytest.raises(UsageError, match="is still running"):
        recover(run.folder)
    assert run.events()[-1] == ("applying", "10-issuer_down")


def test_a_pid_that_belongs_to_another_process_now_is_not_the_conductor(run: Run) -> None:
    run.lab(conductor=NotedProcess(os.getpid(), started_ticks(os.getpid()) - 1))
    assert recover(run.folder).failed == ()


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name a run folder"):
        recover(tmp_path)


def test_only_runs_that_left_something_are_unfinished(tmp_path: Path) -> None:
    clean, left, proxied = (Run(tmp_path, name) for name in ("clean", "left", "proxied"))
    clean.lab(NOBODY)
    clean.applying("1-latency", LATENCY)
    clean.undone("1-latency")
    clean.write(ClosedEvent())
    left.lab()
    left.applying("1-issuer_down", DOWN)
    proxied.lab(NOBODY)
    assert unfinished_runs(tmp_path) == [left.folder, proxied.folder]
    recover(left.folder)
    assert unfinished_runs(tmp_path) == [proxied.folder]


def test_a_journal_that_cannot_be_read_hides_no_other_run(tmp_path: Path) -> None:
    odd, left = Run(tmp_path, "1-odd"), Run(tmp_path, "2-left")
    (odd.folder / "faults.ndjson").write_text('{"event": "exploded"}\n')
    left.lab()
    left.applying("1-issuer_down", DOWN)
    assert unfinished_runs(tmp_path) == [left.folder, odd.folder]
    with pytest.raises(RecordError, match="exploded"):
        recover(odd.folder)


def test_a_toxiproxy_that_does_not_answer_is_left_and_said(run: Run) -> None:
    run.lab(NOBODY)
    run.applying("10-latency", LATENCY)
    found = recover(run.folder)
    assert found.done == ()
    assert [sentence.partition(":")[0] for sentence in found.failed] == [
        "10-latency",
        "proxy jwtstorm-20261123T200000Z-target deleted",
    ]
    assert unfinished_runs(run.folder.parents[2]) == [run.folder]


def test_a_toxiproxy_that_does_not_answer_ends_no_recovery(run: Run) -> None:
    run.lab(NOBODY, proxies={})
    assert len(recover(run.folder).failed) == 1


@pytest.mark.e2e
def test_a_toxiproxy_that_outlived_the_run_is_cleared_of_it_alone(run: Run, embedded: ProxyClient) -> None:
    ours, theirs = run.proxies["target"], "somebody-elses"
    for name in (ours, theirs):
        embedded.create(name, "127.0.0.1:9")
    run.lab(embedded.url)
    run.applying("10-latency", LATENCY)
    run.applying("12-issuer_down", DOWN)
    LATENCY.apply(Controls(proxy=embedded), Site("10-latency", proxies=run.proxies))
    found = recover(run.folder)
    assert found.failed == ()
    assert sorted(embedded.proxies()) == [theirs]
    assert unfinished_runs(run.folder.parents[2]) == []


@pytest.mark.e2e
def test_a_proxy_whose_name_was_not_written_down_is_found_by_the_runs(run: Run, embedded: ProxyClient) -> None:
    embedded.create(run.proxies["target"], "127.0.0.1:9")
    embedded.create("jwtstorm-another-target", "127.0.0.1:9")
    run.lab(embedded.url, proxies={})
    recover(run.folder)
    assert sorted(embedded.proxies()) == ["jwtstorm-another-target"]


@pytest.mark.e2e
def test_a_child_that_outlived_the_conductor_is_killed_and_no_other(run: Run) -> None:
    sleepers = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(2)]
    try:
        child, stranger = (
            NotedProcess(sleeper.pid, started_ticks(sleeper.pid) + other, name)
            for name, sleeper, other in zip(("issuer", "target"), sleepers, (0, 1), strict=True)
        )
        run.lab(children=(child, stranger))
        found = recover(run.folder)
        assert sleepers[0].wait(30) < 0
        assert sleepers[1].poll() is None
        assert found.done == (f"issuer (pid {child.pid}) was still running: killed",)
    finally:
        for sleeper in sleepers:
            sleeper.kill()
            sleeper.communicate()
