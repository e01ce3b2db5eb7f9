"""A timeline on a served lab: from the first good call on, undone by Ctrl-C, and by ``recover`` after a kill."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
import urllib3

from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.lab.toxiproxy.client import ProxyClient
from harness.results.fault_journal import read_events
from tests.e2e.lab_user import FORM, until
from tests.e2e.probed import JWTSTORM, started

pytestmark = pytest.mark.e2e

SCENARIO = """\
from locust import task
from harness import Scenario, at, constant_rate
from harness.faults import ExpireAll, Latency
from harness.users import GrpcUser

scenario = Scenario(
    load=constant_rate(per_s=1, duration_s=900, max_users=1),
    timeline=[at(0.2, Latency("target", 0.05), until_s=800), at(0.5, ExpireAll())],
)

class Customer(GrpcUser):
    @task
    def call(self) -> None:
        pass
"""


class Client:
    """A client of what is served, as an announcement tells of it."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        self.lines = process.stdout
        head = "".join(iter(lambda: next(self.lines), "Ctrl-C ends it.\n"))
        self.target = re.findall(r"^target +(\S+)", head, re.MULTILINE)[0]
        self.token_url = re.findall(r"(http\S+/token)", head)[0]
        self.secret = re.findall(r'storm:([^"]+)"', head)[0]

    def call(self) -> str:
        body = f"grant_type=client_credentials&client_id=storm&client_secret={self.secret}"
        token = urllib3.request("POST", self.token_url, body=body, headers=FORM).json()["access_token"]
        with grpc.insecure_channel(self.target) as channel:
            stub: Any = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
            metadata = (("authorization", f"Bearer {token}"),)
            return str(stub.GetBalance(pb.BalanceRequest(account="1"), metadata=metadata, timeout=10).account)

    def read_to(self, word: str) -> str:
        told = ""
        while word not in told:
            line = next(self.lines, None)
            assert line is not None, told
            told += line
        return told


@contextmanager
def under_way(folder: Path, proxy: str) -> Iterator[tuple["subprocess.Popen[str]", Client, Path]]:
    """Serve with a timeline over a foreign proxy, and wait until both of its faults were applied."""
    path = folder / "two_faults.py"
    path.write_text(SCENARIO)
    with started("serve", "--timeline", str(path), REPORTS=str(folder / "reports"), TOXIPROXY_URL=proxy) as process:
        client = Client(process)
        journal = Path(re.findall(r"journal +(\S+)", client.read_to("with the first call"))[0])
        assert client.call() == "1"
        assert "ms later" in client.read_to("the timeline begins") + client.read_to("expire")
        yield process, client, journal


def test_ctrl_c_undoes_the_timeline_and_says_so_in_the_journal(tmp_path: Path, foreign_proxy: str) -> None:
    with under_way(tmp_path, foreign_proxy) as (process, _, journal):
        (proxy,) = ProxyClient(foreign_proxy).proxies().values()
        assert len(proxy.toxics) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert ProxyClient(foreign_proxy).proxies() == {}
    events = [event.name() for event in read_events(journal)]
    assert events[-1] == "closed"
    assert events.count("applied") == 2
    assert events.count("undone") == 1
    assert journal.parent == tmp_path / "reports" / "served" / "two-faults"


def test_after_a_kill_recover_takes_the_timeline_back(tmp_path: Path, foreign_proxy: str) -> None:
    with under_way(tmp_path, foreign_proxy) as (process, _, journal):
        process.kill()
        process.wait(20)
    assert len(ProxyClient(foreign_proxy).proxies()) == 1
    environment = {**os.environ, "REPORTS": str(tmp_path / "reports")}
    done = subprocess.run([*JWTSTORM, "recover"], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout
    assert f"{journal.name}: done:" in done.stdout
    until(lambda: ProxyClient(foreign_proxy).proxies() == {})
