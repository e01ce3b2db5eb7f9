"""Recover: carry out what a run that was killed could not, from its fault journal.

Children of ours die with the conductor; what outlives it is a Toxiproxy that somebody else runs.
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from harness.conductor.controls import Controls
from harness.errors import HarnessError, RecordError, UsageError
from harness.files import cut_lines
from harness.lab.processes.child import started_ticks
from harness.lab.processes.commands import Commands
from harness.lab.toxiproxy.client import ProxyClient
from harness.results.fault_events import (
    AnyEvent,
    ApplyingEvent,
    ClosedEvent,
    Command,
    FailedEvent,
    LabEvent,
    NotedProcess,
    RecoveredEvent,
    UndoneEvent,
)
from harness.results.fault_journal import NAME, FaultJournal, read_events


@dataclass(frozen=True)
class Recovered:
    """What was found and done; ``failed`` is what is still left, one sentence each."""

    done: tuple[str, ...]
    failed: tuple[str, ...]
    doubt: str | None = None
    """What the journal may not say, because it was cut short."""


def unfinished_runs(reports: Path) -> list[Path]:
    """Return the run folders whose journal has faults or proxies that nobody took back.

    The last are those whose journal cannot be read: whether they left something, `recover` cannot know.
    """
    left, unreadable = [], []
    for path in sorted(reports.glob(f"*/*/*/{NAME}")):
        try:
            events = list(read_events(path.parent))
        except RecordError:
            unreadable.append(path.parent)
            continue
        if _open_steps(events) or _left_proxies(events):
            left.append(path.parent)
    return left + unreadable


def recover(run: Path) -> Recovered:
    """Undo what a run left in force; safe to repeat.

    Raises `UsageError` where the folder is no run, or its conductor still lives.
    """
    events = list(read_events(run))
    doubt = cut_lines(run / NAME)
    if not events:
        raise UsageError(f"{run} has no fault journal; name a run folder under reports/")
    lab = _lab(events)
    _refuse_living(run, lab)
    recovery = _Recovery(FaultJournal(run))
    recovery.end_children(lab.children if lab is not None else ())
    proxy = ProxyClient(lab.proxy.url) if lab is not None and lab.proxy.url else None
    for step, commands in _open_steps(events).items():
        recovery.take_back(step, commands, Controls(proxy=proxy, command=Commands(run)))
    if proxy is not None:
        recovery.delete_proxies(run, _left_proxies(events), proxy)
    recovery.journal.close()
    return Recovered(tuple(recovery.done), tuple(recovery.failed), doubt)


@dataclass
class _Recovery:
    """What is being done, each deed written to the journal."""

    journal: FaultJournal
    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def attempt(self, said: str, step: str | None, action: Callable[[], object], proxy: str = "") -> None:
        try:
            action()
        except HarnessError as error:
            self.failed.append(f"{said}: {error}")
            self.journal.write(FailedEvent(step=step, phase="recover", text=str(error)))
        else:
            self.done.append(said)
            self.journal.write(RecoveredEvent(step=step, text=said, proxy=proxy))

    def end_children(self, children: Iterable[NotedProcess]) -> None:
        for child in children:
            if _same_process(child):
                said = f"{child.name} (pid {child.pid}) was still running: killed"
                self.attempt(said, None, partial(_kill, child.pid, group=child.group))

    def take_back(self, step: str, commands: Sequence[Command], parts: Controls) -> None:
        outliving = [command for command in commands if _outlives(command, parts)]
        if not outliving:
            self.attempt(f"{step}: it died with its process", step, lambda: None)
            return
        said = ", ".join(map(_said, outliving))
        self.attempt(f"{step}: {said}", step, partial(_carry_out, outliving, parts))

    def delete_proxies(self, run: Path, left: Sequence[str], proxy: ProxyClient) -> None:
        try:
            names = left or _named_after(run, proxy)
        except HarnessError as error:
            self.failed.append(str(error))
            return
        for name in names:
            self.attempt(f"proxy {name} deleted", None, partial(proxy.delete, name, missing_ok=True), proxy=name)


def _outlives(command: Command, parts: Controls) -> bool:
    """Tell whether what a command takes back is still there: a foreign Toxiproxy's toxic, or what a program did."""
    return command.part == "command" or (command.part == "proxy" and parts.proxy is not None)


def _said(command: Command) -> str:
    if command.part == "command":
        return f"{command.arguments['words'][0]} was run"
    return f"{command.action} on {command.arguments.get('proxy')}"


def _kill(pid: int, *, group: bool) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
        (os.killpg if group else os.kill)(pid, signal.SIGKILL)


def _carry_out(commands: Iterable[Command], parts: Controls) -> None:
    for command in commands:
        parts.do(command)


def _lab(events: Sequence[AnyEvent]) -> LabEvent | None:
    return next((event for event in reversed(events) if isinstance(event, LabEvent)), None)


def _open_steps(events: Iterable[AnyEvent]) -> dict[str, Sequence[Command]]:
    """Return the undo of each step that was applied, or about to be, and not taken back."""
    found: dict[str, Sequence[Command]] = {}
    for event in events:
        if isinstance(event, ApplyingEvent) and event.undo:
            found[event.step] = event.undo
        elif isinstance(event, UndoneEvent | RecoveredEvent):
            found.pop(event.step or "", None)
    return found


def _left_proxies(events: Iterable[AnyEvent]) -> list[str]:
    """Return the proxies of a foreign Toxiproxy that nobody deleted."""
    left: dict[str, None] = {}
    for event in events:
        if isinstance(event, LabEvent) and event.proxy.url:
            left.update(dict.fromkeys(event.proxies.values()))
        elif isinstance(event, ClosedEvent):
            left.clear()
        elif isinstance(event, RecoveredEvent):
            left.pop(event.deleted, None)
    return list(left)


def _named_after(run: Path, proxy: ProxyClient) -> list[str]:
    """Return the proxies of a run that was killed before it wrote their names down."""
    return [name for name in proxy.proxies() if name.startswith(f"jwtstorm-{run.name}-")]


def _refuse_living(run: Path, lab: LabEvent | None) -> None:
    if lab is not None and _same_process(lab.conductor):
        pid = lab.conductor.pid
        raise UsageError(f"{run.name} is still running (pid {pid}); end it with Ctrl-C, which undoes everything")


def _same_process(noted: NotedProcess) -> bool:
    """Tell whether the process that was noted still lives: its pid may be another's by now."""
    return bool(noted.started_ticks) and started_ticks(noted.pid) == noted.started_ticks
