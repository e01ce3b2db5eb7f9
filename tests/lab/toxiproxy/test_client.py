"""Our client of a Toxiproxy: every trap of the package beneath is covered."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from toxiproxy.api import APIConsumer

from harness.clock import monotonic_ns
from harness.errors import LinkError, UsageError
from harness.lab.toxiproxy.client import ProxyClient, ToxicState
from tests.lab.proxy.conftest import KINDS, NO_REAL, real_server, serving


@pytest.fixture(params=KINDS)
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ProxyClient]:
    if request.param == "real" and real_server() is None:
        pytest.skip(NO_REAL)
    with serving(request.param, tmp_path / "log") as server:
        yield ProxyClient(server.url, timeout_s=10.0)


class Fake(BaseHTTPRequestHandler):
    """A server that answers what the test wants, or nothing."""

    answer = (200, b"{}")
    silent = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/proxies/slow":
            self.silent.wait(10)
            return
        status, body = self.answer
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_DELETE = do_GET  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


@pytest.fixture
def fake() -> Iterator[str]:
    Fake.silent.clear()
    with HTTPServer(("127.0.0.1", 0), Fake) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Fake.silent.set()
        server.shutdown()
        thread.join()


@pytest.mark.e2e
def test_a_proxy_and_its_toxics_live_and_die(client: ProxyClient) -> None:
    listen = client.create("a b", "127.0.0.1:9")
    client.add_toxic("a b", "t 1", "latency", "upstream", 0.5, {"latency": 100.0, "jitter": 9.6})
    client.update_toxic("a b", "t 1", {"latency": 200})
    state = client.read("a b")
    expected = ToxicState("t 1", "latency", "upstream", 0.5, {"latency": 200, "jitter": 10})
    assert (state.listen, state.upstream, state.enabled, state.toxics) == (listen, "127.0.0.1:9", True, (expected,))
    client.update_toxic("a b", "t 1", {}, toxicity=1.0)
    assert client.proxies()["a b"].toxics[0].toxicity == 1
    client.remove_toxic("a b", "t 1")
    client.set_enabled("a b", False)
    assert not client.read("a b").enabled
    client.delete("a b")
    assert client.proxies() == {}


@pytest.mark.e2e
def test_every_refusal_is_a_link_error_that_says_what_was_refused(client: ProxyClient) -> None:
    listen = client.create("a", "127.0.0.1:9")
    refusals: dict[str, Callable[[], object]] = {
        "409: proxy already exists": lambda: client.create("a", "127.0.0.1:9"),
        "500: listen tcp": lambda: client.create("b", "127.0.0.1:9", listen),
        "404: proxy not found": lambda: client.read("none"),
        "404: toxic not found": lambda: client.remove_toxic("a", "none"),
        "400: invalid toxic type": lambda: client.add_toxic("a", "t", "fire", "upstream", 1.0, {}),
    }
    for text, call in refusals.items():
        with pytest.raises(LinkError, match=text):
            call()


@pytest.mark.e2e
def test_what_is_missing_may_be_missing_on_request(client: ProxyClient) -> None:
    before = client.proxies()
    client.delete("none", missing_ok=True)
    client.remove_toxic("none", "none", missing_ok=True)
    assert client.proxies() == before


@pytest.mark.e2e
def test_a_change_tells_when_it_took_effect(client: ProxyClient) -> None:
    client.create("a", "127.0.0.1:9")
    before_ns = monotonic_ns()
    at_ns = client.add_toxic("a", "t", "noop", "upstream", 1.0, {})["at_ns"]
    assert before_ns < at_ns < monotonic_ns()


@pytest.mark.e2e
def test_two_clients_in_one_process_do_not_share_an_address(fake: str, tmp_path: Path) -> None:
    with serving("embedded", tmp_path / "log") as server:
        one, other = ProxyClient(server.url), ProxyClient(fake)
        Fake.answer = (200, b'{"version": "fake"}')
        assert (one.version(), other.version(), one.version()) == ("2.12.0", "fake", "2.12.0")
    assert (APIConsumer.host, APIConsumer.port) == ("127.0.0.1", 8474)


@pytest.mark.e2e
def test_a_server_that_hangs_is_a_link_error(fake: str) -> None:
    with pytest.raises(LinkError, match=r"did not answer GET /proxies/slow within 0\.2 s"):
        ProxyClient(fake, timeout_s=0.2).read("slow")


@pytest.mark.e2e
def test_a_server_that_is_gone_is_a_link_error() -> None:
    with pytest.raises(LinkError, match="is it running"):
        ProxyClient("http://127.0.0.1:9", timeout_s=1.0).version()


@pytest.mark.e2e
@pytest.mark.parametrize("body", [b"", b"[]", b"hello", b'{"name": "a"}', b'{"name": "a", "toxics": [1]}'])
def test_what_is_no_toxiproxy_is_a_link_error(fake: str, body: bytes) -> None:
    Fake.answer = (200, body)
    with pytest.raises(LinkError, match="is that a Toxiproxy"):
        ProxyClient(fake).read("a")


@pytest.mark.e2e
@pytest.mark.parametrize("status", [301, 403, 405, 500, 503])
def test_a_status_that_the_package_takes_for_success_is_a_link_error(fake: str, status: int) -> None:
    Fake.answer = (status, json.dumps({"error": "no"}).encode())
    with pytest.raises(LinkError, match=f"with {status}: no"):
        ProxyClient(fake).delete("a")


@pytest.mark.e2e
def test_the_systems_proxy_settings_are_not_used(fake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Fake.answer = (200, b'{"version": "direct"}')
    assert ProxyClient(fake).version() == "direct"


@pytest.mark.parametrize(
    "url", ["https://a:1", "http://", "ftp://a", "http://a:1/path", "http://u:p@a:1", "http://a:port"]
)
def test_an_address_that_cannot_be_used_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match="want http://host:port"):
        ProxyClient(url)
