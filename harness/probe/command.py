"""The command ``jwtstorm probe``: from options to tasks, from findings to files and an exit code."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import grpc
from rich.console import Console

from harness.clock import utc_now
from harness.errors import UsageError
from harness.probe.conduct import Conduct, Task
from harness.probe.explaining import run_explain
from harness.probe.options import names_of
from harness.probe.output import files, table
from harness.probe.output.answer import exit_code
from harness.probe.parts import in_order, wanted
from harness.probe.parts.session import ProbeSession
from harness.probe.result import ProbeResult
from harness.probe.setup import Setup, prepare


def run_probe(options: argparse.Namespace, reports: Path) -> int:
    """Probe, print, write; return the exit code. Raises `HarnessError` before the first question only."""
    terminal, progress = Console(), Console(stderr=True)
    if options.explain_token:
        return run_explain(options)
    if not options.addresses:
        raise UsageError("name the target: jwtstorm probe HOST:PORT; only --explain-token FILE goes without one")
    headings = wanted(names_of(options.only))
    setup = prepare(options)
    tell = _Progress(progress)
    with tell:
        result = asyncio.run(_probe(setup, headings, tell.watch))
    table.show(result, terminal, everything=options.all)
    folder = files.write(result, reports, options.out)
    terminal.print(f"files: {folder}/probe.html, probe.json, junit.xml, probe.sarif", soft_wrap=True, highlight=False)
    return exit_code(result)


async def _probe(setup: Setup, headings: frozenset[str], watch: Callable[[str, int], None]) -> ProbeResult:
    """Carry the probe out; an interrupt ends it early, and nothing found is lost."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not in another's thread
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    blank = ProbeResult(
        ",".join(setup.endpoint.addresses),
        utc_now().isoformat(timespec="seconds"),
        services=setup.methods.services,
        versions={"jwtstorm": files.own_version(), "grpcio": str(grpc.__version__)},
    )
    async with AsyncExitStack() as stack:
        session = ProbeSession(setup, stack, headings)
        tasks = [Task(one.name, partial(one.ask, session)) for one in in_order() if headings & set(one.headings)]
        return await Conduct(blank, watch).carry_out(tasks, setup.options.within)


class _Progress:
    """What is asked just now: one line that changes on a terminal, one line per part elsewhere."""

    def __init__(self, console: Console) -> None:
        self._status = console.status("") if console.is_terminal else None
        self._part = ""

    def __enter__(self) -> None:
        if self._status:
            self._status.start()

    def __exit__(self, *_: object) -> None:
        if self._status:
            self._status.stop()

    def watch(self, part: str, count: int) -> None:
        """Say that a part has so many findings."""
        if self._status:
            self._status.update(f"{part}: {count} asked; Ctrl-C keeps what was found")
        elif part != self._part:
            sys.stderr.write(f"probing: {part}\n")
        self._part = part
