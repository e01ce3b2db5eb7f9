"""``jwtstorm report``: a run's report, from its files."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")
    parser.add_argument("--no-pictures", action="store_true", help="text and tables alone, in a third of the time")


@command("report", Group.READ, add_options)
def run(options: Namespace) -> int:
    """Make a run's report from its files, also after a crash."""
    from harness.report import NO_PICTURES, main

    return main([options.run, *([NO_PICTURES] if options.no_pictures else [])])
