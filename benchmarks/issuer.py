"""Measure how many tokens per second the lab's issuer mints on one core.

Loads the issuer over loopback from two client threads in this process, and divides what it served by
the CPU time that the *issuer's* process used: clients on the same machine do not change the answer.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import urllib3

from harness.lab import IssuerSettings, LabPlan
from harness.lab.plan import ALGORITHMS
from harness.lab.running import Lab

FORM = {"content-type": "application/x-www-form-urlencoded"}


def cpu_s(pid: int) -> float:
    """Return the CPU time a process has used; Linux. Source: proc_pid_stat(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(lab: Lab, for_s: float, clients: int) -> int:
    """Ask for tokens as fast as they come; return how many came."""
    client = lab.clients[0]
    body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}"
    until_s = time.monotonic() + for_s
    served = [0] * clients

    def ask(index: int) -> None:
        pool = urllib3.HTTPConnectionPool("127.0.0.1", int(lab.addresses["issuer"].split(":")[1]))
        while time.monotonic() < until_s:
            assert pool.request("POST", "/token", body=body, headers=FORM).status == 200
            served[index] += 1

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(served)


def measure(algorithm: str, for_s: float, clients: int) -> str:
    """Return a line of the table."""
    with tempfile.TemporaryDirectory() as folder:
        plan = LabPlan(issuer=IssuerSettings(algorithm=algorithm), target=None)
        with Lab.start(plan, Path(folder)) as lab:
            load(lab, 0.5, clients)
            before_s = cpu_s(lab.children[0].pid)
            tokens = load(lab, for_s, clients)
            used_s = cpu_s(lab.children[0].pid) - before_s
    return f"{algorithm:<9} {tokens / for_s:>8,.0f} {tokens / used_s:>16,.0f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--for-s", type=float, default=3.0, help="seconds of load per algorithm")
    parser.add_argument("--clients", type=int, default=2, help="client threads")
    parser.add_argument("--algorithm", choices=ALGORITHMS, action="append", help="default: all")
    parser.add_argument("--quick", action="store_true", help="half a second per algorithm")
    options = parser.parse_args()
    print(f"{'algorithm':<9} {'served/s':>8} {'per CPU second':>16}")
    for algorithm in options.algorithm or ALGORITHMS:
        print(measure(algorithm, 0.5 if options.quick else options.for_s, options.clients))
    return 0


if __name__ == "__main__":
    sys.exit(main())
