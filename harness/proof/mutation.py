"""Print the mutation table: ``python -m harness.proof.mutation [NAME …]``; exit 1 where an animal lives.

With ``--storms [SCENARIO …]`` storms hunt instead of the catalogue; ``--whole BUILD`` reads what finished runs of whole
scenarios said instead, and with ``--run`` makes those that lack. ``--write FILE`` puts either table into a page.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from harness.errors import HarnessError
from harness.lab import zoo
from harness.proof import storms, whole
from harness.proof.table import page, try_all
from harness.results.run import reports_folder

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Try the animals that are named, or all; print the table."""
    options = _parser().parse_args(arguments)
    if options.whole:
        return _whole(options)
    if options.storms:
        return _storms(options.names, options.write)
    try:
        chosen = [zoo.find(name).name for name in options.names] or zoo.names("servers") + zoo.names("clients")
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    logging.disable(logging.CRITICAL)  # animals crash, and their key sets fail: that is their work
    trials = asyncio.run(try_all(chosen))
    sys.stdout.write(f"{page(trials)}\n")
    return 0 if all(trial.killed or trial.animal.unseen for trial in trials) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness.proof.mutation", description=(__doc__ or "").split(":")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="an animal, or with --storms a scenario (all)")
    parser.add_argument("--storms", action="store_true", help="let storms hunt instead of the catalogue")
    parser.add_argument("--whole", metavar="BUILD", help="read the whole runs of a build instead (in REPORTS)")
    parser.add_argument(
        "--run",
        action="store_true",
        help="with --whole, first run NAME, or what has no valid run yet, on its full course",
    )
    parser.add_argument(
        "--write",
        type=Path,
        metavar="FILE",
        help="put the storms' lines, or the table of whole runs, into FILE",
    )
    return parser


def _storms(names: Sequence[str], document: Path | None) -> int:
    """Run the storms that are named, or all that hunt; print their table, also of those before an interruption."""
    found: list[storms.Storm] = []
    try:
        for storm in storms.run_storms(names):
            found.append(storm)
            line = storm.line
            sys.stderr.write(f"{line.scenario:<18}{line.animal:<34}{line.verdict:<10}{line.decided}\n")
        if document is not None:
            storms.write_into(document, [storm.line for storm in found])
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stdout.write(f"{storms.page([storm.line for storm in found])}\n")
        return INTERRUPTED
    sys.stdout.write(f"{storms.page([storm.line for storm in found])}\n")
    return 0 if all(storm.as_claimed for storm in found) else 1


def _whole(options: argparse.Namespace) -> int:
    """Print the table of a build's whole runs; 1 where the newest of a scenario did not pass."""
    reports, build = reports_folder(), options.whole
    try:
        if options.run:
            _run_whole(options.names or whole.unanswered(reports, build), build, reports)
        runs = whole.whole_runs(reports, build)
        if options.write is not None:
            whole.write_into(options.write, runs)
    except HarnessError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    sys.stdout.write(f"{whole.page(runs)}\n")
    return 0 if all(one.word == "passed" for one in whole.newest(runs).values()) else 1


def _run_whole(names: Sequence[str], build: str, reports: Path) -> None:
    for name, code in whole.run_whole(names, build, reports):
        sys.stderr.write(f"{name:<18}exit code {code}\n")


if __name__ == "__main__":
    sys.exit(main())
