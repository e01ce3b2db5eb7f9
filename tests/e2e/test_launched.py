"""A program of somebody else's, started, treated by chaos, and never left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import LabError
from harness.lab.processes.launch import Launch
from harness.lab.processes.launched import Launched
from tests.e2e.lab_user import gone, until

pytestmark = pytest.mark.e2e

SERVER = """
import sys, grpc
from concurrent import futures

server = grpc.server(futures.ThreadPoolExecutor(2))
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
print("serving", flush=True)
server.wait_for_termination()
"""
SERVES = Launch([sys.executable, "-c", SERVER, "{port}"])


def test_a_killed_program_comes_back_at_its_address(tmp_path: Path) -> None:
    with Launched.start("target", SERVES, tmp_path / "target.log") as target:
        address, before = target.address, target.pid
        assert target.alive()
        target.kill()
        assert not target.alive()
        assert gone(before)
        target.start_again()
        assert (target.alive(), target.address) == (True, address)
        assert target.pid != before
    assert gone(target.pid)
    assert "serving" in target.log.read_text()


def test_a_paused_program_hangs_and_goes_on(tmp_path: Path) -> None:
    with Launched.start("target", SERVES, tmp_path / "target.log") as target:
        stat = Path(f"/proc/{target.pid}/stat")
        target.pause()
        assert target.paused
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T")
        target.resume()
        until(lambda: stat.read_text().rpartition(")")[2].split()[0] != "T")
        assert not target.paused


@pytest.mark.parametrize(
    ("launch", "said"),
    [
        (Launch(["sh", "-c", "echo no such key >&2; exit 3", "{port}"]), "ended with 3 before it served"),
        (Launch(["sh", "-c", "echo no such key >&2; exit 3", "{port}"]), "no such key"),
        (Launch(["/nowhere/server", "{port}"]), "/nowhere/server: No such file or directory"),
        (Launch(["sleep", "60"], "127.0.0.1:1", ready_within_s=0.2), "took no gRPC connection at 127.0.0.1:1"),
    ],
)
def test_a_program_that_does_not_serve_is_refused_with_its_last_words(
    launch: Launch, said: str, tmp_path: Path
) -> None:
    with pytest.raises(LabError, match=said):
        Launched.start("target", launch, tmp_path / "target.log")


CONDUCTOR = """
import sys, time
from pathlib import Path
from harness.lab.processes.launch import Launch
from harness.lab.processes.launched import Launched

launch = Launch(["sh", "-c", "sleep 600 & echo $!; wait", "{port}"])
target = Launched.start("target", launch, Path(sys.argv[1]), ready=lambda address: Path(sys.argv[1]).read_text())
print(target.pid, flush=True)
time.sleep(600)
"""


def test_no_process_of_a_program_outlives_a_killed_conductor(tmp_path: Path) -> None:
    log = tmp_path / "target.log"
    conductor = subprocess.Popen([sys.executable, "-c", CONDUCTOR, str(log)], stdout=subprocess.PIPE)
    with conductor:
        assert conductor.stdout
        shell = int(conductor.stdout.readline())
        sleeper = int(log.read_text().split()[0])
        os.kill(conductor.pid, signal.SIGKILL)
    until(lambda: gone(shell) and gone(sleeper))
    assert gone(shell)
    assert gone(sleeper)
