"""``jwtstorm policies``: refresh policies side by side."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", default="expiry-storm", help="a scenario's name (default: %(default)s)")
    parser.add_argument(
        "--policy", action="append", default=[], metavar="NAME", help="only this one, and others so named"
    )
    parser.add_argument(
        "--tries",
        type=int,
        default=2,
        metavar="N",
        help="how often to make a run that a busy machine spoilt (default: 2)",
    )


@command("policies", Group.STORM, add_options)
def run(options: Namespace) -> int:
    """Run a storm under each refresh policy, one after another, and draw them side by side."""
    from harness.experiments.policies import run_command

    return run_command(options.name, options.policy, reports_folder(), options.tries)
