"""The gateway as a child of the lab: settings on stdin, ready on stdout, gone at end-of-file, behind a drain."""

import sys

import uvloop

from harness.errors import HarnessError
from harness.lab.gateway.service import Service
from harness.lab.gateway.settings import GatewaySettings
from harness.lab.processes.child import report_error, report_ready, settle_in
from harness.records import settings_of


class GatewayEnding:
    """What is to be done when the parent closes our stdin: known only once there is something to end."""

    def __init__(self) -> None:
        self.service: Service | None = None

    def __call__(self) -> None:
        """End the service."""
        if self.service is not None:
            self.service.stop()


def main() -> int:
    """Serve until the parent closes our stdin; return the exit code."""
    ending = GatewayEnding()
    try:
        ending.service = service = Service(settings_of(settle_in(ending), GatewaySettings, "gateway"))
        uvloop.run(service.run(lambda url: report_ready(control_url=url)))
    except HarnessError as error:
        report_error(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
