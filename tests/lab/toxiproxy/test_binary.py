"""The real Toxiproxy as a child of the lab."""

import os
from pathlib import Path

import pytest

from harness.errors import LabError
from harness.lab.processes.child import Child
from harness.lab.toxiproxy.client import ProxyClient
from tests.lab.proxy.conftest import NO_REAL, real_server
from tests.lab.proxy.peers import eventually

pytestmark = pytest.mark.e2e

MODULE = "harness.lab.toxiproxy.binary"


@pytest.mark.skipif(real_server() is None, reason=NO_REAL)
def test_the_program_lives_as_long_as_its_child(tmp_path: Path) -> None:
    with Child.start("toxiproxy", MODULE, {"path": real_server()}, tmp_path / "log") as child:
        client = ProxyClient(child.ready["url"])
        assert client.version() == child.ready["version"]
    with pytest.raises(LabError):
        client.version()


@pytest.mark.skipif(real_server() is None, reason=NO_REAL)
def test_the_program_dies_with_a_killed_child(tmp_path: Path) -> None:
    with Child.start("toxiproxy", MODULE, {"path": real_server()}, tmp_path / "log") as child:
        client = ProxyClient(child.ready["url"], timeout_s=1.0)
        os.kill(child.pid, 9)
        eventually(lambda: not _answers(client), "the program is gone")
        assert not _answers(client)


def _answers(client: ProxyClient) -> bool:
    try:
        client.version()
    except LabError:
        return False
    return True


@pytest.mark.parametrize("script", ["exit 0", "exec sleep 60"])
def test_a_program_that_does_not_serve_is_named(tmp_path: Path, script: str) -> None:
    program = tmp_path / "not-a-toxiproxy"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    with pytest.raises(LabError, match="not-a-toxiproxy did not answer"):
        Child.start("toxiproxy", MODULE, {"path": str(program)}, tmp_path / "log", ready_within_s=30.0)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="cannot run /none"):
        Child.start("toxiproxy", MODULE, {"path": "/none"}, tmp_path / "log")
