"""Real duels of one pair with each kind of build that is no lab: command, git ref, address, virtual environment."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from tests.e2e.storms import Trial, free_port, refuse_busy
from tests.endpoint.certificates import private_pem

pytestmark = pytest.mark.e2e

SERVER = """
import sys
from concurrent import futures

import grpc

from harness.lab.proto import ledger_pb2, ledger_pb2_grpc


class Ledger(ledger_pb2_grpc.LedgerServicer):
    def GetBalance(self, request, context):
        return ledger_pb2.Balance()


server = grpc.server(futures.ThreadPoolExecutor(4))
ledger_pb2_grpc.add_LedgerServicer_to_server(Ledger(), server)
server.add_insecure_port("127.0.0.1:" + sys.argv[1])
server.start()
server.wait_for_termination()
"""
SETTINGS = (
    "load=constant_rate(per_s=20, duration_s=2, max_users=4, warm_up_s=3), deadline_s=5, tokens=Tokens(callers=4), "
)
ISSUER = 'issuer=SigningKey("key.pem", claims={"aud": "ledger"})'


@pytest.fixture
def mine(trial: Trial) -> Trial:
    """Return a folder with a server in it, and a key for the tokens that it does not look at."""
    (trial.folder / "server.py").write_text(SERVER)
    (trial.folder / "key.pem").write_bytes(private_pem(ec.generate_private_key(ec.SECP256R1())))
    return trial


def duel(trial: Trial, base: str, new: str, *options: str) -> Mapping[str, Any]:
    """Fight a duel of one pair, which decides nothing; return its result."""
    asked = ["duel", base, new, "--scenario", "trial.py", "--pairs", "1", "--no-pictures", *options]
    done = trial.jwtstorm(*asked)
    assert done.returncode in {3, 4}, done.stdout + done.stderr
    (file,) = trial.reports.glob("duels/*/*/comparison.json")
    found: dict[str, Any] = json.loads(file.read_text())
    return found


def assert_counts(found: Mapping[str, Any]) -> None:
    """Demand that its pair counts. Raises `TooBusyError` where the machine was too busy for it."""
    (pair,) = found["pairs"]
    refuse_busy(str(pair["why"]))
    assert pair["state"] == "counted", pair


@pytest.mark.long
def test_a_commit_is_built_and_fights_a_command_that_is_launched_by_the_run(mine: Trial) -> None:
    mine.write(SETTINGS + f'{ISSUER}, target=Launch([{sys.executable!r}, "server.py", "{{port}}"])')
    ref = _committed(mine.folder)
    options = ["--build-command", "cp server.py built.py", "--target-command", f"{sys.executable} built.py {{port}}"]
    found = duel(mine, "git:HEAD", f"cmd:{sys.executable} server.py {{port}}", *options)
    assert_counts(found)
    assert f"git:HEAD is commit {ref}" in found["remarks"]
    assert "worktree" not in _git(mine.folder, "worktree", "list", "--porcelain").partition("\n\n")[2]
    assert not (mine.folder / "built.py").exists()


@pytest.mark.long
def test_a_server_that_runs_already_fights_a_virtual_environment(mine: Trial) -> None:
    port = free_port()
    mine.write(SETTINGS + f'{ISSUER}, target="127.0.0.1:{port}"')
    log = mine.folder / "server.log"
    with (
        log.open("wb") as said,
        subprocess.Popen([sys.executable, "server.py", str(port)], cwd=mine.folder, stdout=said, stderr=said) as server,
    ):
        try:
            found = duel(mine, f"127.0.0.1:{port}", f"venv:{sys.prefix}")
            assert server.poll() is None, log.read_text()
        finally:
            server.kill()
    assert_counts(found)
    assert any("nobody restarts it" in remark for remark in found["remarks"])


def test_a_commit_whose_server_does_not_start_is_named_and_no_run_is_made(mine: Trial) -> None:
    mine.write(SETTINGS + f'{ISSUER}, target="127.0.0.1:1"')
    _committed(mine.folder)
    broken = f"cmd:{sys.executable} -c 'raise SystemExit(\"no such flag\")' {{port}}"
    found = duel(mine, broken, "git:HEAD", "--target-command", f"{sys.executable} server.py {{port}}", "--seed", "1")
    (pair,) = found["pairs"]
    assert (pair["state"], pair["order"], pair["new"]) == ("set aside", "AB", None)
    assert "no such flag" in pair["why"]


def _committed(folder: Path) -> str:
    """Make a repository of the folder; return its commit."""
    _git(folder, "init", "--quiet")
    _git(folder, "add", "server.py")
    _git(folder, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "one")
    return _git(folder, "rev-parse", "HEAD").strip()


def _git(folder: Path, *words: str) -> str:
    command = [shutil.which("git") or "git", *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
