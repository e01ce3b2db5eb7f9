"""``jwtstorm duel``: which of two builds is better, by pairs of runs."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command, exit_codes
from harness.results.run import reports_folder

HOW = """\
how it goes: each pair is one run of either build, in an order that a coin decides; the target starts anew before
each run. The number of pairs is fixed first: 10 by default. A pair with a run that measured nothing (generator
saturated, a build that did not start) is set aside by name. Ctrl-C keeps what was made: carry on with --resume.

  jwtstorm duel lab lab:work_s=0.0055 --scenario calm
  jwtstorm duel 'cmd:old/server --port {port}' 'cmd:new/server --port {port}' --scenario checkout --quick
  jwtstorm duel git:v1.4 git:HEAD --scenario checkout --build-command 'make build' \\
      --target-command './build/server --port {port}'
  jwtstorm duel venv:../old/.venv venv:../new/.venv --scenario checkout
  jwtstorm duel --resume reports/duels/calm/20261124T010000Z

options of `jwtstorm run` may follow, for every run: --processes 2, --short, --no-pictures
"""


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = "jwtstorm duel BASE NEW --scenario NAME [options]\n       jwtstorm duel --resume FOLDER"
    parser.add_argument("base", nargs="?", default="", metavar="BASE", help="the build that is there")
    parser.add_argument("new", nargs="?", default="", metavar="NEW", help="the build that might replace it")
    parser.add_argument("--scenario", default="", metavar="NAME", help="a scenario's name, or the path of its file")
    often = parser.add_mutually_exclusive_group()
    often.add_argument("--quick", dest="plan", action="store_const", const="quick", help="8 pairs")
    often.add_argument("--sure", dest="plan", action="store_const", const="sure", help="12 pairs")
    often.add_argument(
        "--two-looks", dest="plan", action="store_const", const="two looks", help="10 pairs, 14 where those cannot tell"
    )
    often.add_argument("--pairs", type=int, default=None, metavar="N", help="so many; fewer than 8 only rehearse")
    parser.set_defaults(plan="default")
    parser.add_argument("--seed", type=int, default=None, help="of the coin (default: a random one, kept on file)")
    parser.add_argument("--build-command", default="", metavar="COMMAND", help="builds a git:REF, in its checkout")
    parser.add_argument("--target-command", default="", metavar="COMMAND", help="serves a git:REF; {port} is its port")
    parser.add_argument("--resume", type=Path, default=None, metavar="FOLDER", help="carry on with a duel that was cut")


def ending() -> str:
    """Return how builds are written, and how a duel goes."""
    from harness.experiments.duel.builds import GRAMMAR

    return f"{GRAMMAR}\n\n{HOW}\n{exit_codes()}"


@command("duel", Group.COMPARE, add_options, ending=ending, hands_on=True)
def run(options: Namespace) -> int:
    """Run pairs of two builds and say honestly which is better: one word, and how sure."""
    from harness.experiments.duel.command import run_duel

    return run_duel(options, reports_folder())
