"""The lab on its own: what it prints is enough to call it."""

import json
import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import grpc
import pytest
import urllib3

from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from tests.e2e.lab_user import FORM
from tests.e2e.probed import JWTSTORM, served, started

pytestmark = pytest.mark.e2e

SERVE = (*JWTSTORM, "serve")


def test_a_served_animal_can_be_called_by_what_is_printed() -> None:
    command = [*SERVE, "--zoo", "asks-for-no-scope", "--zoo", "skips-exp"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout
        told = "".join(process.stdout.readline() for _ in range(8))
        target, secret, url = (
            re.search(pattern, told) for pattern in (r"target +(\S+)", r'storm:([^"]+)"', r"(http\S+/token)")
        )
        assert target
        assert secret
        assert url
        body = f"grant_type=client_credentials&client_id=storm&client_secret={secret[1]}"
        answer = json.loads(urllib3.request("POST", url[1], body=body, headers=FORM).data)
        with grpc.insecure_channel(target[1]) as channel:
            stub = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
            metadata = (("authorization", f"Bearer {answer['access_token']}"),)
            assert stub.GetBalance(pb.BalanceRequest(account="1"), metadata=metadata, timeout=10).cents
        assert "skips-exp: Never compares" in told
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def test_a_written_key_is_this_users_alone(tmp_path: Path) -> None:
    with served(tmp_path):
        assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_the_printed_curl_line_works_as_it_stands() -> None:
    with started("serve") as process:
        assert process.stdout
        line = next(line for line in process.stdout if line.startswith("token "))
        command = line.partition(" ")[2]
        answer = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True, timeout=20)
        assert json.loads(answer.stdout)["access_token"].count(".") == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_leaves_no_process_and_no_folder(tmp_path: Path, number: signal.Signals) -> None:
    environ = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([*JWTSTORM, "serve"], stdout=subprocess.PIPE, text=True, env=environ)
    assert process.stdout
    try:
        assert "Ctrl-C ends it.\n" in process.stdout  # reads up to it
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        assert (len(children), len(list(tmp_path.iterdir()))) == (2, 1)
        process.send_signal(number)
        assert process.wait(15) == 0
        assert not [child for child in children if Path(f"/proc/{child}").exists()]
        assert not list(tmp_path.iterdir())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
