"""Nothing leaves by a proxy of the environment, on any transport; all leaves by the one that is named."""

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness import ClientCredentials, LoginCall, RefreshToken
from harness.defects.bench import Answer
from harness.defects.caller import call_with_plugin
from harness.endpoint import Endpoint
from harness.endpoint import proxy as proxies
from harness.endpoint.methods import from_reflection, from_stubs
from harness.endpoint.native import open_native, refusal
from harness.endpoint.opening import open_channel
from harness.lab.toxiproxy.client import ProxyClient
from harness.probe.target.asker import Asker, Subject
from harness.transport.choice import MODULE
from tests.endpoint.ledger_server import SERVICE, serving
from tests.fakes.http_proxy import HttpProxy, http_proxy
from tests.tokens.sources.fake_issuer import Issuer, body, issuer

ROOT = Path(__file__).parents[2]
TOKEN = (("authorization", "Bearer ey"),)
CALL = Subject(f"/{SERVICE}/GetBalance", request=b"\x0a\x0242")
VARIABLES = sorted({case for name in proxies.VARIABLES[:4] for case in (name, name.upper())})
GAMES = [{}, {"no_proxy": "example.com"}, {"no_grpc_proxy": "example.com", "NO_PROXY": "127.0.0.1"}]


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with serving() as (address, _):
        yield address


@pytest.fixture(scope="module")
def tokens() -> Iterator[Issuer]:
    with issuer() as server:
        document = body(issuer=server.root, token_endpoint=server.url)
        server.pages["/.well-known/openid-configuration"] = (200, {}, document)
        server.pages["/version"] = (200, {"content-type": "application/json"}, b'{"version": "2.12.0"}')
        yield server


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine has, and lay out the secrets that sources want."""
    for name in proxies.set_in():
        monkeypatch.delenv(name)
    monkeypatch.setenv("CLIENT_SECRET", "s")
    monkeypatch.setenv("REFRESH_TOKEN", "r")


def called(channel: grpc.Channel) -> None:
    method = from_stubs("harness.lab.proto.ledger_pb2").find(CALL.path)
    with channel:
        method.on(channel)(method.request(account="42"), metadata=TOKEN, timeout=10)


def asked(endpoint: Endpoint, *, raw: bool) -> None:
    async def ask() -> Answer:
        asker = Asker(endpoint, endpoint.addresses[0], CALL, deadline_s=10)
        try:
            return await asker.call(TOKEN, raw=raw)
        finally:
            await asker.close()

    assert asyncio.run(ask()).code == "OK"


def load(target: str, _: Issuer, proxy: str) -> None:
    called(open_channel(Endpoint((target,), proxy=proxy), target))


def reflection(target: str, _: Issuer, proxy: str) -> None:
    with open_channel(Endpoint((target,), proxy=proxy), target) as channel:
        from_reflection(channel, TOKEN)


def probe(target: str, _: Issuer, proxy: str) -> None:
    asked(Endpoint((target,), proxy=proxy), raw=False)


def probe_by_hand(target: str, _: Issuer, proxy: str) -> None:
    asked(Endpoint((target,), proxy=proxy), raw=True)


def token(_: str, tokens: Issuer, proxy: str) -> None:
    assert ClientCredentials(tokens.url, "storm", proxy=proxy).open().fetch() == "a.b.c"


def discovery(_: str, tokens: Issuer, proxy: str) -> None:
    assert ClientCredentials(issuer_url=tokens.root, client_id="storm", proxy=proxy).open().fetch() == "a.b.c"


def renewal(_: str, tokens: Issuer, proxy: str) -> None:
    assert RefreshToken(tokens.url, "storm", proxy=proxy).open().fetch() == "a.b.c"


def login(target: str, _: Issuer, proxy: str) -> None:
    wanted = LoginCall(Endpoint((target,), proxy=proxy), CALL.path, token_field="account")
    with pytest.raises(Exception, match="UNAUTHENTICATED"):  # the ledger wants a token, and logs nobody in
        wanted.open().fetch()


def native(target: str, _: Issuer, __: str) -> None:
    if find_spec(MODULE) is None:
        pytest.skip("the native transport is not built here (make transport)")
    called(open_native(Endpoint((target,)), target))


def plugin(target: str, _: Issuer, __: str) -> None:
    call_with_plugin(target, CALL.path, "ey", (), CALL.request, secure=False)


def toxiproxy(_: str, tokens: Issuer, __: str) -> None:
    assert ProxyClient(tokens.root).version() == "2.12.0"


Send = Callable[[str, Issuer, str], None]
BY_NAME: list[Send] = [load, reflection, probe, probe_by_hand, token, discovery, renewal, login]
NEVER: list[Send] = [native, plugin, toxiproxy]
"""What has no proxy to name."""


@pytest.fixture(scope="module")
def silent() -> Iterator[HttpProxy]:
    with http_proxy() as proxy:
        yield proxy


@pytest.mark.e2e
@pytest.mark.parametrize("games", GAMES, ids=lambda games: "+".join(games) or "alone")
@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("send", [*BY_NAME, *NEVER], ids=lambda send: str(send.__name__))
def test_nothing_leaves_by_a_proxy_of_the_environment(
    target: str,
    tokens: Issuer,
    silent: HttpProxy,
    monkeypatch: pytest.MonkeyPatch,
    send: Send,
    variable: str,
    games: Any,
) -> None:
    for name, value in {variable: silent.url, **games}.items():
        monkeypatch.setenv(name, value)
    send(target, tokens, "")
    assert silent.asked == []


@pytest.mark.e2e
@pytest.mark.parametrize("send", [load, probe, reflection, login, plugin], ids=lambda send: str(send.__name__))
def test_nor_by_grpcs_proxy_of_addresses(
    target: str, tokens: Issuer, silent: HttpProxy, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setenv("GRPC_ADDRESS_HTTP_PROXY", silent.url.removeprefix("http://"))
    monkeypatch.setenv("GRPC_ADDRESS_HTTP_PROXY_ENABLED_ADDRESSES", "127.0.0.0/8")
    send(target, tokens, "")
    assert silent.asked == []


@pytest.mark.e2e
@pytest.mark.parametrize("send", BY_NAME, ids=lambda send: str(send.__name__))
def test_a_proxy_that_is_named_is_used(
    target: str, tokens: Issuer, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with http_proxy() as proxy:
        send(target, tokens, proxy.url)
        where = tokens.root if send in {token, discovery, renewal} else target
        assert proxy.asked
        assert all(where in line for line in proxy.asked)


@pytest.mark.e2e
@pytest.mark.parametrize("send", BY_NAME, ids=lambda send: str(send.__name__))
def test_no_proxy_excepts_a_host_from_the_named_one_as_with_curl(
    target: str, tokens: Issuer, monkeypatch: pytest.MonkeyPatch, silent: HttpProxy, send: Send
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    send(target, tokens, silent.url)
    assert silent.asked == []


def test_native_refuses_a_proxy_so_that_auto_takes_grpcio() -> None:
    if find_spec(MODULE) is None:
        pytest.skip("the native transport is not built here (make transport)")
    assert "through no proxy" in str(refusal(Endpoint(("127.0.0.1:1",), proxy="http://127.0.0.1:9")))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("127.0.0.1:3128", "is no HTTP proxy; give http://host:port"),
        ("socks5://127.0.0.1:1080", "is no HTTP proxy"),
        ("https://127.0.0.1:3128", "is no HTTP proxy"),
        ("http://127.0.0.1", "is no HTTP proxy"),
        ("http://127.0.0.1:99999", "is no HTTP proxy"),
        (7, "is no text"),
    ],
)
def test_what_is_no_proxy_is_refused(given: Any, said: str) -> None:
    for found in (
        Endpoint(("a:1",), proxy=given).mistakes(),
        ClientCredentials("http://a/t", "c", proxy=given).mistakes(),
    ):
        assert said in " ".join(found)


def test_a_password_in_a_proxys_address_is_refused_and_not_repeated() -> None:
    (said,) = Endpoint(("a:1",), proxy="http://me:swordfish@127.0.0.1:3128").mistakes()
    assert "password" in said
    assert "swordfish" not in said


def test_what_is_set_is_told_by_name_alone() -> None:
    environ = {
        "HTTPS_PROXY": "http://me:swordfish@proxy:3128",
        "no_proxy": "",
        "PATH": "/bin",
        "grpc_proxy": "http://p:1",
    }
    told = json.dumps(proxies.told("", environ)) + proxies.sentence("", environ)
    assert "swordfish" not in told
    assert proxies.set_in(environ) == ["HTTPS_PROXY", "grpc_proxy"]
    assert "HTTPS_PROXY, grpc_proxy are set here and not heeded" in proxies.sentence("", environ)
    assert proxies.sentence("", {}) == "none"
    assert proxies.sentence("http://p:1", environ) == "http://p:1, as asked for"


@pytest.mark.parametrize(
    ("entry", "host", "covered"),
    [
        ("example.com", "example.com", True),
        ("example.com", "a.example.com", True),
        (".example.com", "a.EXAMPLE.com", True),
        ("example.com", "badexample.com", False),
        ("*", "anything", True),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("::1", "::1", True),
        (" , other, 127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "localhost", False),
        ("", "localhost", False),
    ],
)
def test_no_proxy_names_hosts_domains_and_networks(entry: str, host: str, *, covered: bool) -> None:
    assert proxies.excepted(host, {"no_proxy": entry}) is covered


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", None),
        (
            b"HTTP/1.0 407 Proxy Authentication Required\r\n\r\n",
            "it answered 'HTTP/1.0 407 Proxy Authentication Required'",
        ),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "it is no HTTP proxy"),
        (b"", "it is no HTTP proxy"),
        (b"\xff\xfe", "it is no HTTP proxy"),
    ],
)
def test_an_answer_that_opens_no_tunnel_is_named(head: bytes, said: str | None) -> None:
    assert proxies.refusal(head) == said


def test_every_channel_of_grpcio_is_opened_where_the_environment_is_not_heeded() -> None:
    """Keep a channel that heeds it from being added: these files alone open one, and each is tried above."""
    opens = re.compile(r"\.(in)?secure_channel\(")
    paths = [path for path in (ROOT / "harness").rglob("*.py") if opens.search(path.read_text(encoding="utf-8"))]
    assert {str(path.relative_to(ROOT)) for path in paths} == {
        "harness/endpoint/opening.py",
        "harness/endpoint/native.py",
        "harness/defects/caller.py",
        "harness/transport/grpcio_channel.py",
    }


def test_nothing_of_ours_uses_an_opener_that_heeds_the_environment() -> None:
    heeds = re.compile(r"\b(urlopen|requests\.(get|post|request|Session))\(")
    paths = [path for path in (ROOT / "harness").rglob("*.py") if heeds.search(path.read_text(encoding="utf-8"))]
    assert [path.name for path in paths] == []
