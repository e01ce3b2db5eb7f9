"""``jwtstorm report``: a run's report, from its files."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")


@command("report", Group.READ, add_options)
def run(options: Namespace) -> int:
    """Make a run's report from its files, also after a crash."""
    from harness.report import main

    return main([options.run])
