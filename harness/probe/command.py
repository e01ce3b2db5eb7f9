"""The command ``jwtstorm probe``: from options to tasks, from findings to files and an exit code."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import grpc
from rich.console import Console

from harness.auth.sources import ClientCredentials, TokenFile
from harness.clock import utc_now, wall
from harness.endpoint import Endpoint
from harness.endpoint.methods import Methods, from_descriptor_set, from_protos, from_reflection, from_stubs
from harness.endpoint.opening import open_channel
from harness.errors import UsageError
from harness.probe import files, table
from harness.probe.answer import exit_code
from harness.probe.asker import Asker
from harness.probe.carrier import Carrier
from harness.probe.clock import measure
from harness.probe.conduct import Conduct, Piece, Task
from harness.probe.coverage import Coverage, Plan, Proof
from harness.probe.doors import good_metadata, knocks
from harness.probe.line import open_line
from harness.probe.messages import Messages
from harness.probe.minter import Minter, read_key, read_template
from harness.probe.openness import Openness
from harness.probe.options import endpoint_of, messages_of, parts_of
from harness.probe.pace import Pace
from harness.probe.reach import require_reached
from harness.probe.result import Finding, Outcome, Part, ProbeResult
from harness.probe.subject import choose
from harness.staging import guard_target

NO_TOKEN = "it needs a good token; give --token-file, --token-url or --signing-key"  # noqa: S105 - a sentence


@dataclass(frozen=True)
class Setup:
    """What a probe works with: all of it read and checked before the first question."""

    endpoint: Endpoint
    methods: Methods
    messages: Messages
    openness: Openness
    carrier: Carrier
    minter: Minter | None
    listed: bool
    options: argparse.Namespace

    @property
    def several(self) -> bool:
        """Return whether there are replicas to tell apart."""
        return len(self.endpoint.addresses) > 1


def run_probe(options: argparse.Namespace, reports: Path) -> int:
    """Probe, print, write; return the exit code. Raises `HarnessError` before the first question only."""
    terminal, progress = Console(), Console(stderr=True)
    setup = prepare(options)
    tell = _Progress(progress)
    with tell:
        result = asyncio.run(_probe(setup, tell.watch))
    table.show(result, terminal, everything=options.all)
    folder = files.write(result, reports, options.out)
    terminal.print(f"files: {folder}/probe.html, probe.json, junit.xml, probe.sarif", soft_wrap=True, highlight=False)
    return exit_code(result)


def prepare(options: argparse.Namespace) -> Setup:
    """Read everything that a probe needs; raises `UsageError`, or `RunError` where nobody answers."""
    endpoint = endpoint_of(options)
    for address in endpoint.addresses:
        guard_target(address, frozenset(options.allow_target))
    carrier, minter = Carrier(options.metadata_key, options.scheme), minter_of(options)
    Pace(options.per_s)
    parts_of(options.only)
    for address in endpoint.addresses:
        require_reached(endpoint, address)
    methods, listed = _methods(endpoint, options, carrier, minter)
    openness = Openness(tuple(options.public), tuple(options.skip))
    openness.require_known([method.path for method in methods])
    messages = Messages(methods, messages_of("--data", options.data))
    return Setup(endpoint, methods, messages, openness, carrier, minter, listed, options)


def minter_of(options: argparse.Namespace) -> Minter | None:
    """Return where good tokens come from, or None; raises `UsageError`."""
    given = [name for name in ("token_file", "token_url", "signing_key") if getattr(options, name)]
    if len(given) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{names} both give good tokens; give one of them")
    if options.signing_key:
        claims = read_template(options.claims) if options.claims else {}
        return Minter.with_key(read_key(options.signing_key, options.algorithm, options.kid), claims)
    if options.token_file:
        return Minter.with_tokens(TokenFile(options.token_file).open().fetch)
    if options.token_url:
        source = ClientCredentials(
            options.token_url, options.client_id, scope=options.scope, audience=options.audience
        ).open()
        return Minter.with_tokens(source.fetch)
    return None


def _methods(
    endpoint: Endpoint, options: argparse.Namespace, carrier: Carrier, minter: Minter | None
) -> tuple[Methods, bool]:
    """Return what the target serves, and whether it said so itself."""
    given = [name for name in ("proto", "descriptor_set", "stubs") if getattr(options, name)]
    if len(given) > 1:
        names = " and ".join(f"--{name.replace('_', '-')}" for name in given)
        raise UsageError(f"{names} both say what is served; give one of them")
    if options.proto:
        return from_protos(options.proto, options.include), False
    if options.descriptor_set:
        return from_descriptor_set(options.descriptor_set), False
    if options.stubs:
        return from_stubs(options.stubs), False
    metadata = carrier.metadata(minter.good(wall()).token()) if minter else ()
    texts = tuple((key, value) for key, value in metadata if isinstance(value, str))
    with contextlib.closing(open_channel(endpoint, endpoint.addresses[0])) as channel:
        return from_reflection(channel, texts), True


async def _probe(setup: Setup, watch: Callable[[Part, int], None]) -> ProbeResult:
    """Carry the probe out; an interrupt ends it early, and nothing found is lost."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError, RuntimeError):  # not in a thread of another's
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    blank = ProbeResult(
        ",".join(setup.endpoint.addresses),
        utc_now().isoformat(timespec="seconds"),
        services=setup.methods.services,
        versions={"jwtstorm": files.own_version(), "grpcio": str(grpc.__version__)},
    )
    parts = parts_of(setup.options.only)
    tasks = [task for task in _tasks(setup) if task.part in parts]
    return await Conduct(blank, watch).carry_out(tasks, setup.options.within)


def _tasks(setup: Setup) -> Iterator[Task]:
    yield Task(Part.COVERAGE, lambda: _coverage(setup))
    yield Task(Part.CLOCK, lambda: _on_a_subject(setup, Part.CLOCK, _clock))


async def _coverage(setup: Setup) -> AsyncIterator[Piece]:
    options = setup.options
    for address in setup.endpoint.addresses:
        proof = _proof(setup)
        plan = Plan(
            setup.methods,
            tuple(knocks(setup.carrier, setup.minter, wall())),
            setup.messages.make,
            setup.openness,
            listed=setup.listed,
            proof=proof,
            makes_effect=setup.messages.with_nonce() if proof else frozenset(),
        )
        line = open_line(setup.endpoint, address)
        try:
            async for finding in Coverage(plan, line, Pace(options.per_s).pause).ask():
                yield replace(finding, replica=address if setup.several else "")
        finally:
            await line.close()


def _proof(setup: Setup) -> Proof | None:
    given = messages_of("--proof", [setup.options.proof] if setup.options.proof else [])
    if not given:
        return None
    if setup.minter is None:
        raise UsageError("--proof reads back with a good token; give --token-file, --token-url or --signing-key")
    messages, (name,) = Messages(setup.methods, given), given
    method = setup.methods.find(name)
    metadata = good_metadata(setup.carrier, setup.minter, wall)
    return Proof(method, lambda nonce: messages.make(method, nonce), metadata)


Question = Callable[[Setup, Asker, Minter], AsyncIterator[Piece]]


async def _on_a_subject(setup: Setup, part: Part, question: Question) -> AsyncIterator[Piece]:
    """Ask a question of each replica on a call that succeeds with a good token; say so where there is none."""
    minter = setup.minter
    if minter is None:
        yield Finding(part, part.value, Outcome.NOT_CHECKED, text=NO_TOKEN)
        return
    for address in setup.endpoint.addresses:
        subject, why = await choose(
            lambda subject, address=address: Asker(setup.endpoint, address, subject, setup.carrier),
            setup.methods,
            setup.messages,
            setup.openness,
            lambda: minter.good(wall()).token(),
            setup.options.method,
        )
        if subject is None:
            yield Finding(part, part.value, Outcome.VOID, text=why, replica=address if setup.several else "")
            continue
        asker = Asker(setup.endpoint, address, subject, setup.carrier)
        try:
            async for piece in question(setup, asker, minter):
                yield piece
        finally:
            await asker.close()


async def _clock(_: Setup, asker: Asker, minter: Minter) -> AsyncIterator[Piece]:
    yield await measure(asker, minter)


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

    def watch(self, part: Part, count: int) -> None:
        """Say that a part has so many findings."""
        if self._status:
            self._status.update(f"{part.value}: {count} asked; Ctrl-C keeps what was found")
        elif part != self._part:
            sys.stderr.write(f"probing: {part.value}\n")
        self._part = part
