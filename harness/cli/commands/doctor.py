"""``jwtstorm doctor``: what this machine has, and how a target is reached from it."""

import os
import sys
from argparse import Namespace
from collections.abc import Sequence

from harness.cli.commands import Group, command

HELP = """\
With --target it walks to a target, a line a step, up to the first that fails, as run and probe do before they begin:
names, proxy, TCP, TLS, HTTP/2, gRPC, the token, the methods, and one call without a token, with a spoilt one, and with
a good one. That call is the first of --call, or the first unary method that reads by its name.

examples:
  jwtstorm doctor
  jwtstorm doctor --target 127.0.0.1:50051
  jwtstorm doctor --target shop.example:443 --allow-target shop.example --ca ca.pem --token-file token.jwt \\
      --call shop.v1.Cart/Get --data '{"id": "1"}'"""

EXIT_CODES = """\
exit codes: 0 nothing is missing, and every step went well; 1 the target lets in what it should not; 2 a step failed
that another option mends; 3 something is missing here, or a step failed that the target must mend"""


def ending() -> str:
    """Return the options of a target, which are those of ``run any``, and what the exit codes mean."""
    from harness.scenario import ad_hoc

    return f"{HELP}\n\n{ad_hoc.described_target()}\n\n{EXIT_CODES}"


@command("doctor", Group.HERE, ending=ending, hands_on=True)
def run(options: Namespace) -> int:
    """Say what is installed and what is missing; with --target, how a target is reached and what it checks."""
    if options.rest:
        return _walk(options.rest)
    from harness.cli.doctor import examine

    findings = examine()
    sys.stdout.writelines(f"{finding.mark:<8}{finding.what:<22}{finding.text}\n" for finding in findings)
    return 3 if any(finding.mark == "missing" for finding in findings) else 0


def _walk(arguments: Sequence[str]) -> int:
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a step that fails is said once
    from harness.preflight import exit_code
    from harness.preflight.course import course
    from harness.scenario.ad_hoc import preflight

    taken = []
    for line in course(preflight(arguments)):
        sys.stdout.write(f"{line.mark.value:<8}{line.step.value:<16}{line.text}\n")
        sys.stdout.flush()
        taken.append(line)
    return exit_code(taken)
