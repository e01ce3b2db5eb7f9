"""``jwtstorm recover``: undo what a killed run left in force."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", nargs="?", type=Path, help="a run's folder; without it, every run that left something")


@command("recover", Group.HERE, add_options)
def run(options: Namespace) -> int:
    """Take back what a killed run left in force."""
    from harness.conductor.recover import recover, unfinished_runs

    runs = [options.run] if options.run else unfinished_runs(reports_folder())
    if not runs:
        sys.stdout.write("nothing to recover: every run took its faults back\n")
    left = 0
    for run in runs:
        result = recover(run)
        left += len(result.failed)
        if result.doubt:
            sys.stdout.write(f"{run.name}: {result.doubt}; nothing is applied before its line is whole\n")
        for mark, sentences in (("done", result.done), ("LEFT", result.failed)):
            sys.stdout.writelines(f"{run.name}: {mark}: {sentence}\n" for sentence in sentences)
        if not result.done and not result.failed:
            sys.stdout.write(f"{run.name}: nothing was left in force\n")
    return 3 if left else 0
