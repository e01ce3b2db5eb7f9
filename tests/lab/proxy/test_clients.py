"""Other people's clients drive the embedded server as they drive the original."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import toxiproxy
from toxiproxy.api import APIConsumer
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from tests.lab.proxy.conftest import Server
from tests.lab.proxy.peers import ask, connect

pytestmark = pytest.mark.e2e

CLI = shutil.which("toxiproxy-cli") or shutil.which(
    "toxiproxy-cli", path=f"{Path(sys.executable).parent}:build/toxiproxy"
)


@pytest.fixture
def package(server: Server, monkeypatch: pytest.MonkeyPatch) -> toxiproxy.Toxiproxy:
    """The package toxiproxy-python, bare, pointed at each server in turn."""
    host, _, port = server.url.removeprefix("http://").rpartition(":")
    monkeypatch.setattr(APIConsumer, "host", host)
    monkeypatch.setattr(APIConsumer, "port", int(port))
    return toxiproxy.Toxiproxy()


def test_toxiproxy_python_creates_changes_and_destroys(package: toxiproxy.Toxiproxy, echoing: str) -> None:
    assert package.running()
    assert b"version" in package.version()
    proxy = package.create(upstream=echoing, name="a")
    assert package.get_proxy("a").listen == proxy.listen
    with connect(proxy.listen) as client:
        assert ask(client, b"x") == b"x"
    proxy.add_toxic(type="latency", attributes={"latency": 5})
    proxy.add_toxic(type="bandwidth", stream="upstream", toxicity=0.5, attributes={"rate": 99})
    assert set(proxy.toxics()) == {"latency_downstream", "bandwidth_upstream"}
    assert proxy.get_toxic("bandwidth_upstream").attributes == {"rate": 99}
    assert proxy.destroy_toxic("latency_downstream")
    assert package.reset()
    assert proxy.toxics() == {}
    assert proxy.destroy()
    assert package.proxies() == {}


def test_toxiproxy_python_takes_a_proxy_down_and_up(package: toxiproxy.Toxiproxy, echoing: str) -> None:
    proxy = package.create(upstream=echoing, name="a")
    with proxy.down(), pytest.raises(ConnectionRefusedError):
        connect(proxy.listen)
    with connect(proxy.listen) as client:
        assert ask(client, b"x") == b"x"


def test_toxiproxy_python_populates_and_destroys_all(package: toxiproxy.Toxiproxy) -> None:
    wanted = [{"name": name, "upstream": "127.0.0.1:9", "listen": "127.0.0.1:0"} for name in "ab"]
    assert [proxy.name for proxy in package.populate(wanted)] == ["a", "b"]
    package.destroy_all()
    assert package.proxies() == {}


def test_toxiproxy_python_knows_the_refusals(package: toxiproxy.Toxiproxy) -> None:
    proxy = package.create(upstream="127.0.0.1:9", name="a")
    with pytest.raises(ProxyExists):
        package.create(upstream="127.0.0.1:9", name="a")
    with pytest.raises(InvalidToxic):
        proxy.add_toxic(type="fire")
    with pytest.raises(NotFound):
        proxy.destroy_toxic("none")


def _cli(server: Server, *arguments: str) -> str:
    assert CLI
    done = subprocess.run(
        [CLI, *arguments], env={**os.environ, "TOXIPROXY_URL": server.url}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(CLI is None, reason="no toxiproxy-cli; make toxiproxy installs it where Go is")
def test_the_official_cli_drives_it(server: Server) -> None:
    assert "Created new proxy a" in _cli(server, "create", "--listen", "127.0.0.1:0", "--upstream", "127.0.0.1:9", "a")
    assert "a" in _cli(server, "list")
    _cli(server, "toxic", "add", "--type", "latency", "--toxicName", "t", "--attribute", "latency=100", "a")
    assert "latency=100" in _cli(server, "inspect", "a")
    _cli(server, "toxic", "update", "--toxicName", "t", "--attribute", "latency=200", "--toxicity", "0.5", "a")
    toxic = server.client.read("a").toxics[0]
    assert (toxic.attributes["latency"], toxic.toxicity) == (200, 0.5)
    _cli(server, "toxic", "remove", "--toxicName", "t", "a")
    _cli(server, "toggle", "a")
    assert not server.client.read("a").enabled
    _cli(server, "delete", "a")
    assert server.client.proxies() == {}
