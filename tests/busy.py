"""Runs that a busy machine spoilt: tried once more alone, then skipped by name, and never more than a few of them.

A run whose load generator had no CPU judges nothing, so a test that passed on one would hide any failure. Such a test
raises `TooBusyError` (`tests.e2e.storms.assert_code` does). It is then set up and made again while no other test of
real processes runs, in whatever worker of xdist. Where that does not help it is skipped, with what the run said; more
than `MOST` such skips fail the session.
"""

import fcntl
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest
from _pytest.runner import runtestprotocol

MOST = 5
"""How many tests of a session may have judged nothing."""
REASON = "the machine was too busy"
PROPERTY = "too busy"
"""The user property by which a worker's report tells the controller of such a skip."""
FOLDER = "turns"
"""The entry of a worker's input that names the folder of the locks."""


class TooBusyError(Exception):
    """A run judged nothing, for the machine was too busy; it holds what the run said."""


@dataclass(frozen=True)
class Turns:
    """Lets tests run side by side, or one of them alone; the locks are files, for the tests run in several processes.

    Who wants to be alone shuts the gate first: newcomers wait there, and so its turn comes when the others are done.
    """

    folder: Path

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold off who wants to be alone."""
        with self._files() as (gate, room):
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_SH)
            fcntl.flock(gate, fcntl.LOCK_UN)
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold off everybody."""
        with self._files() as (gate, room):
            fcntl.flock(gate, fcntl.LOCK_EX)
            fcntl.flock(room, fcntl.LOCK_EX)
            yield

    @contextmanager
    def _files(self) -> Iterator[tuple[IO[str], IO[str]]]:
        with (self.folder / "gate").open("w") as gate, (self.folder / "room").open("w") as room:
            yield gate, room


TURNS = pytest.StashKey[Turns]()


def pytest_configure(config: pytest.Config) -> None:
    """Find the locks; the controller also counts."""
    inherited = getattr(config, "workerinput", {}).get(FOLDER)
    if inherited is None:
        folder = tempfile.TemporaryDirectory(prefix="jwtstorm-turns-")
        config.add_cleanup(folder.cleanup)
        config.pluginmanager.register(Tally())
    config.stash[TURNS] = Turns(Path(inherited or folder.name))


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker where the locks are."""
    node.workerinput[FOLDER] = str(node.config.stash[TURNS].folder)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> bool | None:
    """Run a test of real processes; once more, alone, where the machine was too busy for it."""
    if item.get_closest_marker("e2e") is None:
        return None
    turns = item.config.stash[TURNS]
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    with turns.together():
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
    if any(map(busy_with, reports)):
        with turns.alone():
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    return True


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: "pytest.CallInfo[None]"
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Report as skipped what a busy machine kept from judging."""
    report = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, TooBusyError):
        said = str(call.excinfo.value)
        report.outcome = "skipped"
        report.longrepr = (str(item.path), (item.location[1] or 0) + 1, f"Skipped: {REASON}: {said}")
        report.user_properties.append((PROPERTY, said))
    return report


def busy_with(report: pytest.TestReport) -> str:
    """Return what the run of a report said that a busy machine spoilt; empty for any other report."""
    return str(dict(report.user_properties).get(PROPERTY, ""))


@dataclass(eq=False)
class Tally:
    """Counts the tests that judged nothing, over all workers."""

    skipped: dict[str, str] = field(default_factory=dict)
    """What was said, by test."""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a report."""
        if said := busy_with(report):
            self.skipped[report.nodeid] = said

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a session in which too much was not judged."""
        if len(self.skipped) > MOST and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Name each, and say where there are too many."""
        if self.skipped:
            terminalreporter.section(f"{REASON}: {len(self.skipped)} skipped, and at most {MOST} may be")
            for test, said in sorted(self.skipped.items()):
                terminalreporter.line(f"{test}: {said}")
