"""``jwtstorm compare``: runs side by side."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("runs", nargs="+", help="run folders or build labels; the first is the baseline")
    parser.add_argument("--out", type=Path, default=None, help="where the comparison is written")


@command("compare", Group.COMPARE, add_options)
def run(options: Namespace) -> int:
    """Compare two or more runs, or the latest runs of two builds."""
    from harness.report.versus import run_compare

    return run_compare(options.runs, reports_folder(), options.out)
