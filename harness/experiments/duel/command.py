"""The commands ``jwtstorm duel`` and ``jwtstorm duel --resume``: from options to a verdict and its files."""

import argparse
import secrets
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from harness import clock
from harness.comparison.result import Side
from harness.comparison.statistics import looks
from harness.comparison.statistics.looks import ALPHA, PLANS, Look, LookPlan
from harness.comparison.statistics.matters import matters_of
from harness.errors import UsageError
from harness.experiments.duel.builds import Build, contender
from harness.experiments.duel.evaluate import assess_at, find, labels
from harness.experiments.duel.ledger import DuelLedger, held
from harness.experiments.duel.output import write_outputs
from harness.experiments.duel.pair_loop import Fight
from harness.experiments.duel.prepared_build import Builder
from harness.experiments.duel.single_run import RunMaker
from harness.experiments.duel.table import verdict_table
from harness.files import new_folder
from harness.formatting import plural
from harness.scenario import catalogue

OVERHEAD_S = 10.0
"""What a run takes beside its load: starting, draining, merging, its report."""
SIDES: tuple[Side, Side] = ("base", "new")


def run_duel(options: argparse.Namespace, reports: Path) -> int:
    """Fight a duel, or carry one on; return the exit code of its verdict."""
    folder = options.resume or begin(options, reports)
    with held(folder), _ended_by_sigterm():
        return carry_on(folder, Console(highlight=False, soft_wrap=True, file=sys.stdout))


def begin(options: argparse.Namespace, reports: Path) -> Path:
    """Write the ledger of a new duel and return its folder; raises `UsageError`."""
    if not (options.base and options.new and options.scenario):
        raise UsageError("say what to compare: jwtstorm duel BASE NEW --scenario NAME (jwtstorm duel --help)")
    builds = [contender(options.base), contender(options.new)]
    file = catalogue.find(options.scenario)
    settings = catalogue.inspect(file, _run_options(options, builds))
    plan = plan_of(options)
    remarks = list(_remarks(builds, plan, settings))
    started = clock.utc_now()
    folder = _folder(reports / "duels" / file.stem.replace("_", "-"), started.strftime("%Y%m%dT%H%M%SZ"))
    DuelLedger.begin(
        options.seed if options.seed is not None else secrets.randbits(31),
        plan,
        scenario=file.stem.replace("_", "-"),
        file=str(file.absolute()),
        base=options.base,
        new=options.new,
        started_utc=started.isoformat(timespec="seconds"),
        settings={
            "options": _run_options(options, builds),
            "build_command": options.build_command,
            "target_command": options.target_command,
            "launches": bool(settings.get("launch")),
            "run_s": settings["load"]["duration_s"] + settings["load"]["warm_up_s"] + OVERHEAD_S,
            "remarks": remarks,
        },
    ).write(folder)
    return folder


def carry_on(folder: Path, console: Console) -> int:
    """Make the pairs that are still due, judge, write and print; return the exit code."""
    ledger = DuelLedger.read(folder).reopened()
    builders = {side: _builder(folder, ledger, side) for side in SIDES}
    slugs = {side: builders[side].contender.slug for side in SIDES}
    tell = _teller(console)
    tell(f"{folder}: coin {ledger.seed}, {' '.join(pair.order for pair in ledger.pairs)}")
    for remark in ledger.settings.get("remarks", ()):
        tell(f"mind: {remark}")
    try:
        ledger = _prepare(folder, ledger, builders, tell)
        maker = RunMaker(folder, Path(ledger.file), builders, labels(slugs), tuple(ledger.settings["options"]))
        fight = Fight(folder, maker, lambda at, look: _word(folder, at, look), tell, ledger.settings["run_s"])
        ledger = fight.carry_on(ledger)
    finally:
        for builder in builders.values():
            builder.close()
    duel = find(folder, ledger, slugs)
    write_outputs(folder, duel, tell)
    console.print(verdict_table(duel))
    if ledger.state == "interrupted":
        tell(f"carry on with: jwtstorm duel --resume {folder}")
    tell(f"files: {folder}")
    console.print(duel.word, style="bold", markup=False)
    return duel.exit_code


def plan_of(options: argparse.Namespace) -> LookPlan:
    """Return how many pairs are made, and when one looks."""
    if options.pairs is not None:
        if options.pairs < 1:
            raise UsageError(f"--pairs {options.pairs}: give 1 or more; 8 is the least that decides five metrics")
        return LookPlan(f"{plural(options.pairs, 'pair')}", (Look(options.pairs, ALPHA),))
    return PLANS[options.plan]


def _prepare(
    folder: Path, ledger: DuelLedger, builders: dict[Side, Builder], tell: Callable[[str], None]
) -> DuelLedger:
    """Make both builds ready, and write down which commits they are."""
    for side in SIDES:
        if builders[side].contender.kind == "git":
            tell(f"checking out and building {builders[side].contender.asked}")
        builders[side].prepare()
    commits: dict[str, str] = {side: builders[side].commit for side in SIDES if builders[side].commit}
    ledger = ledger.with_commits(commits)
    ledger.write(folder)
    return ledger


def _builder(folder: Path, ledger: DuelLedger, side: Side) -> Builder:
    settings = ledger.settings
    return Builder(
        contender(ledger.base if side == "base" else ledger.new),
        folder,
        side,
        settings["build_command"],
        settings["target_command"],
        ledger.commits.get(side, ""),
        settings.get("launches", False),
    )


def _word(folder: Path, ledger: DuelLedger, look: Look) -> str:
    return assess_at(folder, ledger, look).verdict.word


def _remarks(builds: Sequence[Build], plan: LookPlan, settings: dict[str, Any]) -> Iterator[str]:
    """Yield what to know before hours are spent."""
    for build in dict.fromkeys(builds):
        if not build.restarted:
            yield f"{build.asked} runs already: nobody restarts it before each run, and its state carries over"
    primaries = matters_of(settings).metrics(faults=bool(settings.get("steps")))
    yield from looks.mistakes(plan, len(primaries))
    if len({build.asked for build in builds}) == 1:
        yield "both builds are the same: any word but same or too noisy to tell would be a false alarm"


def _run_options(options: argparse.Namespace, builds: Sequence[Build]) -> list[str]:
    """Return what each run is given; the scenario `any` needs a target to be looked at."""
    given = list(options.rest)
    served = any(build.kind in ("cmd", "git", "address") for build in builds)
    if served and Path(options.scenario).stem == "any" and "--target" not in given:
        given = ["--target", "127.0.0.1:1", *given]
    return given


def _folder(parent: Path, stamp: str) -> Path:
    try:
        return new_folder(parent, stamp)
    except OSError as error:
        raise UsageError(f"cannot make {parent / stamp}: {error.strerror}; set REPORTS to another folder") from error


def _teller(console: Console) -> Callable[[str], None]:
    return lambda line: console.print(line, markup=False)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Treat SIGTERM and a lost terminal as Ctrl-C: the run at hand takes its faults back."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(name, interrupt) for name in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
