"""Calibrate: how much runs of one build differ on this host, so that single runs may be given hints."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from harness import clock
from harness.comparison.statistics.assess import candidate
from harness.comparison.statistics.guard import differing
from harness.comparison.statistics.matters import Matters, matters_of
from harness.comparison.statistics.measure import measure_run
from harness.comparison.statistics.noise_floor import LEAST_RUNS, NoiseFloor, noise_floor, reach, write_noise_floor
from harness.comparison.statistics.verdict import change_words
from harness.errors import UsageError
from harness.experiments.duel.builds import contender
from harness.experiments.duel.ledger import PairEntry
from harness.experiments.duel.prepared_build import Builder
from harness.experiments.duel.single_run import RunMaker
from harness.formatting import plural
from harness.scenario import catalogue

NOT_ENOUGH = 3


def run_calibrate(options: argparse.Namespace, reports: Path) -> int:
    """Run one build again and again, and write its noise floor where `compare` finds it.

    0 where it was written; 3 where too few runs could be used, or they were not made alike; 130 on Ctrl-C.
    """
    if options.runs < LEAST_RUNS:
        raise UsageError(f"--runs {options.runs}: a spread of fewer than {LEAST_RUNS} runs is a guess; give 10")
    file = catalogue.find(options.scenario)
    scenario = file.stem.replace("_", "-")
    launches = bool(catalogue.inspect(file, options.rest).get("launch"))
    folder = reports / "calibrations" / scenario / clock.utc_now().strftime("%Y%m%dT%H%M%SZ")
    folder.mkdir(parents=True)
    console = Console(highlight=False, soft_wrap=True, file=sys.stdout)

    def tell(line: str) -> None:
        console.print(line, markup=False)

    build = contender(options.build)
    builder = Builder(build, folder, "base", options.build_command, options.target_command, launches=launches)
    runs = _make_runs(options, file, builder, tell)
    if len(runs) < LEAST_RUNS:
        tell(f"{plural(len(runs), 'run')} can be used and {LEAST_RUNS} are needed: no noise floor was written")
        return NOT_ENOUGH
    seen = [candidate(run) for run in runs]
    if unlike := differing(seen):
        tell(f"the runs were not made alike: {unlike[0]}; no noise floor was written")
        return NOT_ENOUGH
    matters = matters_of(seen[0].summary.comparable)
    measured = [measure_run(run, matters) for run in runs]
    floor = noise_floor(measured, scenario, seen[0].summary.comparable, clock.utc_now())
    path = write_noise_floor(reports / scenario, floor)
    for line in _told(floor, matters, faults=bool(seen[0].summary.steps)):
        tell(line)
    tell(f"noise floor: {path}; jwtstorm compare uses it for 14 days")
    return 0


def _make_runs(options: argparse.Namespace, file: Path, builder: Builder, tell: Callable[[str], None]) -> list[Path]:
    folder = builder.folder
    maker = RunMaker(folder, file, {"base": builder}, {"base": f"calibrate-{builder.contender.slug}"}, options.rest)
    found: list[Path] = []
    try:
        builder.prepare()
        for number in range(1, options.runs + 1):
            tell(f"run {number} of {options.runs}")
            made = maker(PairEntry(number, "AB"), "base")
            if made.why or made.folder is None:
                tell(f"   left out: {made.why}")
            else:
                found.append(folder / made.folder)
    finally:
        builder.close()
    return found


def _told(floor: NoiseFloor, matters: Matters, *, faults: bool) -> list[str]:
    metrics = matters.metrics(faults=faults)
    lines = []
    for metric in metrics:
        spread = floor.spreads.get(str(metric))
        if spread is None:
            lines.append(f"{metric}: too few calls to tell")
        else:
            far = change_words(metric, reach(spread, len(metrics))).lstrip("+")
            lines.append(f"{metric}: two single runs of one build differ by up to {far} ({spread.runs} runs)")
    return lines
