"""``jwtstorm calibrate``: the noise of this machine."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("build", nargs="?", default="lab", metavar="BUILD", help="as for duel (default: the lab's)")
    parser.add_argument("--scenario", required=True, metavar="NAME", help="a scenario's name, or the path of its file")
    parser.add_argument("--runs", type=int, default=10, metavar="N", help="how many (default: %(default)s)")
    parser.add_argument("--build-command", default="", metavar="COMMAND", help="builds a git:REF, in its checkout")
    parser.add_argument("--target-command", default="", metavar="COMMAND", help="serves a git:REF; {port} is its port")


@command("calibrate", Group.COMPARE, add_options, hands_on=True)
def run(options: Namespace) -> int:
    """Measure how much runs of one build differ here, for hints of compare."""
    from harness.experiments.calibrate import run_calibrate

    return run_calibrate(options, reports_folder())
