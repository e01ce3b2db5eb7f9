"""``jwtstorm doctor``: what this machine has."""

import sys
from argparse import Namespace

from harness.cli.commands import Group, command


@command("doctor", Group.HERE)
def run(options: Namespace) -> int:
    """Say what is installed, which proxy would serve, and what is missing."""
    from harness.cli.doctor import examine

    del options
    findings = examine()
    sys.stdout.writelines(f"{finding.mark:<8}{finding.what:<22}{finding.text}\n" for finding in findings)
    return 3 if any(finding.mark == "missing" for finding in findings) else 0
