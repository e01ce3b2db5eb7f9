"""``jwtstorm serve``: the lab on its own."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from harness.cli.commands import Group, command


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--zoo", action="append", default=[], metavar="NAME", help="a defect to let loose in the target"
    )
    parser.add_argument("--algorithm", default="ES256", help="what the issuer signs with (default: %(default)s)")
    parser.add_argument("--write-key", type=Path, metavar="FILE", help="write the issuer's key, for jwtstorm probe")
    parser.add_argument("--snippet", choices=("python", "go", "java"), default="", help="print a client, too")


@command("serve", Group.TARGET, add_options)
def run(options: Namespace) -> int:
    """Serve the lab's issuer and target, to try a client against; Ctrl-C ends them."""
    from harness.serving.serve import serve

    return serve(options.zoo, options.algorithm, write_key=options.write_key, language=options.snippet)
