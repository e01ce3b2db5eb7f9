"""The process: started by a person or by the lab, with a configuration, a seed, or a mistake."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from harness.errors import LabError, UsageError
from harness.lab.processes.child import Child
from harness.lab.proxy.settings import ProxySettings
from harness.records import settings_of
from tests.lab.proxy.conftest import Server, serving
from tests.lab.proxy.peers import PATIENCE_S, connect

pytestmark = pytest.mark.e2e

ALONE = """
import sys
from pathlib import Path
from harness.errors import HarnessError
from harness.lab.proxy import ProxySettings, serve

config = Path(sys.argv[1]) if len(sys.argv) > 1 else None
try:
    serve(ProxySettings(port=0, config=config, seed=5))
except HarnessError as error:
    sys.exit(str(error))
"""


@contextmanager
def alone(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _config(path: Path, *proxies: object) -> str:
    path.write_text(json.dumps(proxies))
    return str(path)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_persons_server_says_where_it_is_and_ends_at_a_signal(number: signal.Signals) -> None:
    with alone() as process:
        assert process.stdout
        line = process.stdout.readline()
        assert "seed 5" in line
        url = next(word for word in line.split() if word.startswith("http://"))
        assert urllib3.request("GET", f"{url}/version", retries=False).status == 200
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0


def test_a_configuration_is_true_before_the_server_is_ready(tmp_path: Path) -> None:
    proxy = {"name": "a", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9", "toxics": [{"type": "noop"}]}
    config = _config(tmp_path / "proxies.json", proxy)
    with serving("embedded", tmp_path / "log", config=config) as server:
        assert [toxic.name for toxic in server.client.read("a").toxics] == ["noop_downstream"]


@pytest.mark.parametrize(
    ("proxies", "reason"),
    [
        ([{"name": "a"}], "missing required field: upstream at proxy 1"),
        ([{"name": "a", "upstream": "x:1", "listen": "nonsense"}], "missing port in address"),
        ([{"name": "a", "upstream": "x:1", "toxics": [{"type": "fire"}]}], "invalid toxic type"),
    ],
)
def test_a_wrong_configuration_ends_the_server_with_the_reason(
    tmp_path: Path, proxies: list[object], reason: str
) -> None:
    with alone(_config(tmp_path / "proxies.json", *proxies)) as process:
        _, errors = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 1
        assert reason in errors
        assert "Traceback" not in errors


def test_a_missing_configuration_ends_the_server_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="No such file"), serving("embedded", tmp_path / "log", config="/none.json"):
        pass


def test_strict_mode_serves_in_spite_of_a_wrong_configuration(tmp_path: Path) -> None:
    with serving("strict", tmp_path / "log", config="/none.json") as server:
        assert server.client.proxies() == {}


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with serving("embedded", tmp_path / "log") as server:
        port = int(server.url.rpartition(":")[2])
        with pytest.raises(LabError, match=f"cannot listen on 127.0.0.1:{port}"):
            Child.start("proxy", "harness.lab.proxy", {"port": port}, tmp_path / "log")


@pytest.mark.parametrize(
    ("settings", "way_out"),
    [({"port": 70_000}, "give --port"), ({"connect_timeout_s": 0}, "give 10"), ({"prot": 1}, "known are config")],
)
def test_a_wrong_setting_is_refused_with_the_way_out(settings: dict[str, object], way_out: str) -> None:
    with pytest.raises(UsageError, match=way_out):
        settings_of(settings, ProxySettings, "proxy")


def test_a_lab_child_ignores_a_signal_of_the_terminal_and_ends_with_its_parent(tmp_path: Path) -> None:
    with Child.start("proxy", "harness.lab.proxy", {}, tmp_path / "log") as child:
        os.kill(child.pid, signal.SIGINT)
        assert urllib3.request("GET", child.ready["url"] + "/version", retries=False).status == 200
    assert not child.alive()


def test_the_same_seed_touches_the_same_connections(echoing: str, tmp_path: Path) -> None:
    patterns = []
    for seed in (1, 1, 2):
        with serving("embedded", tmp_path / "log", seed=seed) as server:
            patterns.append(_pattern(server, echoing))
    assert patterns[0] == patterns[1] != patterns[2]


def _pattern(server: Server, upstream: str) -> list[bool]:
    """Return, connection by connection, whether a toxic closed it."""
    address = server.client.create("a", upstream)
    server.client.add_toxic("a", "t", "limit_data", "downstream", 0.5, {"bytes": 0})
    closed = []
    for _ in range(40):
        with connect(address) as client:
            client.sendall(b"x")
            closed.append(client.recv(1) == b"")
    return closed
