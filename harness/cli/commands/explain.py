"""``jwtstorm explain``: the causes of failed calls."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command
from harness.results.run import reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")


@command("explain", Group.READ, add_options)
def run(options: Namespace) -> int:
    """Say why calls of a run failed, cause by cause."""
    from harness.analysis.explain import run_explain

    return run_explain(options.run, reports_folder())
