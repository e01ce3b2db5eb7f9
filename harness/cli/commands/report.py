"""``jwtstorm report``: a run's report, from its files."""

from argparse import ArgumentParser, Namespace

from harness.cli.commands import Group, command, exit_codes
from harness.results.run import find_run, reports_folder


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("run", nargs="?", default="latest", help="a run's folder, a build label, or latest")
    parser.add_argument(
        "--format", action="append", default=[], metavar="NAME", help="write the run in this format alone; repeatable"
    )
    parser.add_argument("--no-pictures", action="store_true", help="text and tables alone, in a third of the time")


def ending() -> str:
    """Return the formats, and what the exit codes mean."""
    from harness.report.formats import FORMATS

    formats = "".join(f"  {one.name:<10}{one.text}\n" for one in sorted(FORMATS.values(), key=lambda one: one.name))
    return f"formats:\n{formats}\n{exit_codes()}"


@command("report", Group.READ, add_options, ending=ending)
def run(options: Namespace) -> int:
    """Make a run's report from its files, also after a crash."""
    from harness.report import NO_PICTURES, export, main

    if options.format:
        return export(find_run(options.run, reports_folder()), options.format).verdict.exit_code
    return main([options.run, *([NO_PICTURES] if options.no_pictures else [])])
