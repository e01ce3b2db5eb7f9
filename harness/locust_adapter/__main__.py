"""Locust on a scenario that is read before: ``python -m harness.locust_adapter -f FILE OPTIONS``.

Importing Locust costs more than anything else of a short run's start, so it is imported once: a fork reads the file and
tells its mistakes, and then this process is Locust.
"""

import sys
from pathlib import Path

import locust.main  # first: it patches sockets before grpc loads

import harness.conductor.conductor
import harness.worker.agent  # noqa: F401 - what scenarios import is imported before the fork
from harness.errors import UsageError
from harness.scenario import catalogue


def main() -> None:
    """Read the scenario, and be Locust; exits with 2 where the file has mistakes."""
    try:
        catalogue.inspect_in_fork(Path(sys.argv[sys.argv.index("-f") + 1]))
    except UsageError as error:
        sys.stderr.write(f"jwtstorm: {error}\n")
        raise SystemExit(error.exit_code) from error
    if "--web-port" in sys.argv:
        port = sys.argv[sys.argv.index("--web-port") + 1]
        sys.stdout.write(f"the web page is at http://127.0.0.1:{port} (tab Storm); Ctrl-C ends the run\n")
        sys.stdout.flush()
    locust.main.main()


if __name__ == "__main__":
    main()
