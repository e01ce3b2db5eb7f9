"""``jwtstorm probe``: what a verifier does."""

import os
from argparse import Namespace

from harness.cli.commands import Group, command
from harness.probe.options import add_options
from harness.results.run import reports_folder


@command("probe", Group.TARGET, add_options)
def run(options: Namespace) -> int:
    """Ask a target what its verifier really does, and what it would let in."""
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # what bad calls make grpc's core say is no news
    from harness.probe.command import run_probe

    return run_probe(options, reports_folder())
