"""``jwtstorm run``: a scenario, by way of Locust."""

import os
import socket
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence

from harness.cli.commands import Group, command, exit_codes
from harness.errors import UsageError

OPTIONS = """\
options of ours that Locust hands on:
  --build LABEL         label of the build under test (default: BUILD, else git describe)
  --short               the scenario's shortest course, as CI runs it; SHORT=1 does the same
  --no-pictures         a report of text and tables, sooner; `jwtstorm report RUN` draws it; PICTURES=0 does the same
  --zoo ANIMAL          let a defect of the zoo loose in the lab's target or in the clients
  --tokens CHANGES      other tokens: refresh=reactive,single_flight=false
  --transport NAME      what carries the calls: auto, grpcio or native (jwtstorm docs transport)
  --allow-target HOST   allow load to a target or issuer that is not on this machine; name it every time
  --max-rate N          the most calls a second that such a host may get (default: 5000)
  --max-users N         the most users against such a host (default: 2000)
  --max-duration N      the most seconds of load on such a host (default: 3600)

options of Locust's that fit (all of them: locust --help):
  -u N                  users, instead of the scenario's max_users
  --processes N         fork so many workers; -1 for one per core
  --master, --worker    workers on other hosts (jwtstorm docs distributed)"""

WEB_PORT = 8089


def add_options(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("name", nargs="?", default="", help="a scenario's name, or the path of its file")
    parser.add_argument("--headless", action="store_true", help="no web page; HEADLESS=1 does the same")
    parser.add_argument("--web-port", type=int, default=WEB_PORT, help="port of the web page (default: %(default)s)")


def ending() -> str:
    """Return what Locust is handed, and what the scenario ``any`` reads."""
    from harness.scenario import ad_hoc

    return f"{OPTIONS}\n\n{ad_hoc.described()}\n\n{exit_codes()}"


@command("run", Group.STORM, add_options, ending=ending, hands_on=True)
def run(options: Namespace) -> int:
    """Run a scenario; every option of Locust's may follow (-u, -t, --headless, --processes)."""
    from harness.scenario import catalogue

    path = catalogue.find(options.name)
    headless = options.headless or os.environ.get("HEADLESS", "0") not in {"", "0"}
    rest: list[str] = [*options.rest, *_own_master_port(options.rest)]
    if "--worker" in rest:
        mode = []  # it has no page: the master has
    elif headless:
        mode = ["--headless", "--only-summary"]
    else:
        _require_free(options.web_port)
        mode = [
            "--web-port",
            str(options.web_port),
            *([] if "--master" in rest else ["--autostart"]),
        ]
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # a failed handshake is said once, not line by line by grpc's core
    command = [sys.executable, "-m", "harness.locust_adapter", "-f", str(path), *mode, *rest]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, with a list
    return 2


def _own_master_port(rest: Sequence[str]) -> list[str]:
    """Give forked workers a port of their own: two runs on one host would share Locust's."""
    words = {word.partition("=")[0] for word in rest}
    if "--processes" not in words or words & {"--master", "--worker", "--master-port", "--master-bind-port"}:
        return []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return ["--master-port", port, "--master-bind-port", port]


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}); end what uses it, or give --web-port {port + 1}"
            ) from error
