"""The proxy as a child of the lab: settings on stdin, ready on stdout, gone at end-of-file."""

import sys

from harness.errors import HarnessError
from harness.lab.processes.child import report_error, report_ready, settle_in
from harness.lab.proxy.server import run
from harness.lab.proxy.settings import ProxySettings
from harness.records import settings_of


def main() -> int:
    """Serve until the parent closes our stdin; return the exit code."""
    try:
        settings = settings_of({"port": 0, **settle_in()}, ProxySettings, "proxy")
        run(settings, lambda url, seed: report_ready(url=url, seed=seed))
    except HarnessError as error:
        report_error(str(error))
        return error.exit_code
    return 0


sys.exit(main())
