"""A real Toxiproxy as a child of the lab: starts it, tells its address, and ends it with us.

``python -m harness.lab.toxiproxy.binary`` reads ``{"path": ...}``. The program cannot take a free
port and say which, so one is drawn here, and another one where somebody else was faster.
"""

import json
import os
import signal
import subprocess
import sys
import time

from harness.clock import monotonic
from harness.endpoint.address import free_port
from harness.errors import HarnessError, LabError
from harness.lab.processes.child import report_error, report_ready
from harness.lab.toxiproxy.client import ProxyClient
from harness.subprocesses import killed_with_parent

ATTEMPTS = 5
ANSWER_WITHIN_S = 3.0
POLL_S = 0.02


def main() -> int:
    """Run the program until the parent closes our stdin; return the exit code."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    path = json.loads(sys.stdin.buffer.readline())["path"]
    try:
        process, url, version = start(path)
    except HarnessError as error:
        report_error(str(error))
        return error.exit_code
    report_ready(url=url, version=version)
    signal.signal(signal.SIGTERM, lambda *_: process.kill())
    while process.poll() is None and os.read(0, 4096):
        pass
    process.kill()
    return process.wait()


def start(path: str) -> tuple["subprocess.Popen[bytes]", str, str]:
    """Start the program on a free port; return it, its URL and its version once it answers.

    Raises `LabError` where it does not.
    """
    for _ in range(ATTEMPTS):
        port = free_port()
        command = [path, "-host", "127.0.0.1", "-port", str(port)]
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2, preexec_fn=killed_with_parent())  # noqa: PLW1509 - one thread
        except OSError as error:
            raise LabError(f"cannot run {path}: {error.strerror}; unset it, or install it again") from error
        url = f"http://127.0.0.1:{port}"
        version = _version(process, ProxyClient(url, timeout_s=1.0))
        if version is not None:
            return process, url, version
        silent = process.poll() is None
        process.kill()
        process.wait()
        if silent:
            break
    raise LabError(f"{path} did not answer on a port of its own; run it by hand to see why")


def _version(process: "subprocess.Popen[bytes]", client: ProxyClient) -> str | None:
    until_s = monotonic() + ANSWER_WITHIN_S
    while process.poll() is None and monotonic() < until_s:
        try:
            return client.version()
        except LabError:
            time.sleep(POLL_S)
    return None


if __name__ == "__main__":
    sys.exit(main())
