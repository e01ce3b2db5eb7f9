"""``jwtstorm trend``: a scenario's history."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("scenario", metavar="SCENARIO", help="its name; all its runs under reports/ are read")


@command("trend", Group.COMPARE, add_options)
def run(options: Namespace) -> int:
    """Show a scenario over all builds, and where a metric moved for good."""
    from harness.experiments.trend import run_trend

    return run_trend(options, reports_folder())
