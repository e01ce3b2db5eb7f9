"""The way to an address: the first step that fails is named, with the way out."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness.endpoint import Endpoint, Tls
from harness.endpoint.names import Place
from harness.errors import RunError, UsageError
from harness.preflight import Mark, PreflightStep, StepResult, network, require
from harness.preflight.network import steps
from tests.endpoint.certificates import Authority
from tests.endpoint.ledger_server import serving
from tests.fakes.http_proxy import http_proxy
from tests.fakes.odd_servers import answers, closes, greets_first, http2, is_silent, listening, server_tls

pytestmark = pytest.mark.e2e

HTTP_400 = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"
NAMED = "ledger.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[str]:
    server = authority.sign("server", "localhost", NAMED)
    pair = (server.key.read_bytes(), server.certificate.read_bytes())
    with serving(credentials=grpc.ssl_server_credentials([pair])) as (address, _):
        yield address


@pytest.fixture(scope="module")
def mutual(authority: Authority) -> Iterator[str]:
    server = authority.sign("mutual", NAMED)
    pair = (server.key.read_bytes(), server.certificate.read_bytes())
    credentials = grpc.ssl_server_credentials([pair], authority.pem.read_bytes(), require_client_auth=True)
    with serving(credentials=credentials) as (address, _):
        yield address


def taken(address: str, tls: Tls | None = None, **settings: Any) -> list[StepResult]:
    return list(steps(Endpoint((address,), tls=tls, **settings), address, within_s=2.0))


def failure(address: str, tls: Tls | None = None, **settings: Any) -> StepResult:
    last = taken(address, tls, **settings)[-1]
    assert last.mark is Mark.FAIL
    assert "\n" not in last.text
    assert any(sign in last.text for sign in ";?")
    return last


def test_a_good_target_has_a_line_for_each_step(authority: Authority, secure: str) -> None:
    with serving() as (address, _):
        plain = taken(address)
    assert [line.step for line in plain] == [
        PreflightStep.NAMES,
        PreflightStep.PROXY,
        PreflightStep.TCP,
        PreflightStep.HTTP2,
        PreflightStep.GRPC,
    ]
    lines = taken(secure, Tls(authority.pem, server_name=NAMED))
    assert [line.step for line in lines] == [
        PreflightStep.NAMES,
        PreflightStep.PROXY,
        PreflightStep.TCP,
        PreflightStep.TLS,
        PreflightStep.HTTP2,
        PreflightStep.GRPC,
    ]
    assert {line.mark for line in (*plain, *lines)} == {Mark.OK}
    assert "TLSv1.3, h2 by ALPN; its certificate ends in " in lines[3].text
    assert "it answers calls (status 12" in lines[5].text


def test_a_unix_socket_is_walked_to(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(f"unix:{tmp_path_factory.mktemp('n')}/x") as (address, _):
        assert {line.mark for line in taken(address)} == {Mark.OK}
    assert failure(address).step is PreflightStep.TCP


def closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def test_nothing_that_listens_is_named_with_every_address_that_was_tried() -> None:
    address = closed_port()
    line = failure(address)
    assert (line.step, line.usage) == (PreflightStep.TCP, False)
    assert f"nobody listens there ({address}: Connection refused); start the target" in line.text


def test_a_name_that_nobody_knows_is_named() -> None:
    line = failure("no-such-host.invalid:443")
    assert line.step is PreflightStep.NAMES
    assert "no-such-host.invalid is not known here" in line.text


PLAIN = {
    "an HTTP/1 server": (answers(HTTP_400), "it speaks HTTP/1 and no HTTP/2 (it answered 'HTTP/1.1 400 Bad Request')"),
    "SSH": (greets_first(b"SSH-2.0-OpenSSH_9\r\n"), "(it answered 'SSH-2.0-OpenSSH_9'); is this the gRPC port?"),
    "rubbish": (greets_first(b"\x00\xff\x01" * 40), "speaks no HTTP/2 (it answered "),
    "a TLS alert": (answers(b"\x15\x03\x01\x00\x02\x02\x0a"), "it speaks TLS, and was asked in plaintext; add --tls"),
    "one that closes": (closes, "closes them without a word"),
    "one that is silent": (is_silent, "says nothing within 2 s"),
}


@pytest.mark.parametrize(("serve", "said"), PLAIN.values(), ids=PLAIN.keys())
def test_what_is_no_http2_is_named_for_what_it_is(serve: Any, said: str) -> None:
    with listening(serve) as address:
        line = failure(address)
    assert line.step is PreflightStep.HTTP2
    assert said in line.text


def test_tls_that_was_asked_in_plaintext_is_named(secure: str) -> None:
    line = failure(secure)
    assert (line.step, line.usage) == (PreflightStep.HTTP2, True)
    assert line.text.startswith("it speaks TLS, and was asked in plaintext; add --tls")


def test_plaintext_that_was_asked_for_tls_is_named() -> None:
    with serving() as (address, _):
        line = failure(address, Tls())
    assert line.step is PreflightStep.TLS
    assert "it speaks plaintext, and was asked for TLS; drop --tls" in line.text


@pytest.mark.parametrize(
    ("alpn", "said"),
    [
        ((), "chose no protocol by ALPN, without which gRPC does not speak; let it offer h2"),
        (("http/1.1",), "no protocol by ALPN"),
    ],
)
def test_tls_without_http2_by_alpn_is_named(authority: Authority, alpn: tuple[str, ...], said: str) -> None:
    context = server_tls(authority.sign("web", NAMED), alpn)
    with listening(answers(HTTP_400), context) as address:
        line = failure(address, Tls(authority.pem, server_name=NAMED))
    assert (line.step, line.usage) == (PreflightStep.TLS, True)
    assert said in line.text


def test_another_ca_is_named_with_its_file(secure: str, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").pem
    line = failure(secure, Tls(stranger, server_name=NAMED))
    assert line.step is PreflightStep.TLS
    assert f"not accepted by {stranger}" in line.text
    assert "give the --ca FILE that signed it" in line.text
    assert "by the system's roots" in failure(secure, Tls(server_name=NAMED)).text


def test_another_name_than_the_certificates_asks_for_the_server_name(authority: Authority, secure: str) -> None:
    for tls in (Tls(authority.pem, server_name="other.example"), Tls(authority.pem)):
        assert "it bears another name: give its --server-name" in failure(secure, tls).text


def test_a_missing_or_foreign_certificate_of_the_client_is_named(
    authority: Authority, mutual: str, tmp_path: Path
) -> None:
    bare = Tls(authority.pem, server_name=NAMED)
    assert "certificate of the client's" in failure(mutual, bare).text
    other = Authority(tmp_path).sign("stranger")
    assert "--cert, --key" in failure(mutual, replace(bare, certificate=other.certificate, key=other.key)).text
    own = authority.sign("client")
    assert {line.mark for line in taken(mutual, replace(bare, certificate=own.certificate, key=own.key))} == {Mark.OK}


def test_a_certificate_and_the_key_of_another_are_named(authority: Authority, secure: str) -> None:
    one, two = authority.sign("one"), authority.sign("two")
    line = failure(secure, Tls(authority.pem, one.certificate, two.key, NAMED))
    assert "certificate and key do not belong together" in line.text


WEB = {
    "a web server": (
        http2((":status", "404"), ("content-type", "text/html"), body=b"<html>"),
        "it speaks HTTP/2 and no gRPC: it answered HTTP 404 (text/html); is this the gRPC port?",
    ),
    "a login page": (http2((":status", "302"), ("location", "/login")), "it answered HTTP 302 (no content type)"),
    "one that never answers": (http2(), "answers no call within 2 s"),
}


@pytest.mark.parametrize(("serve", "said"), WEB.values(), ids=WEB.keys())
def test_http2_without_grpc_is_named(serve: Any, said: str) -> None:
    with listening(serve) as address:
        line = failure(address)
    assert line.step is PreflightStep.GRPC
    assert said in line.text


def test_a_name_of_several_addresses_shows_them_all_and_which_was_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as (address, _):
        port = int(address.rpartition(":")[2])
        places = [(10, 1, 6, "", ("::1", port, 0, 0)), (2, 1, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: places)
        lines = taken(f"localhost:{port}")
    assert lines[0].text == f"[::1]:{port}, 127.0.0.1:{port}; a connection takes the first that answers"
    assert lines[2].text.startswith(f"127.0.0.1:{port} takes connections; not so [::1]:{port}: ")
    assert {line.mark for line in lines} == {Mark.OK}


def test_places_are_written_as_addresses() -> None:
    assert [str(Place(2, ("1.2.3.4", 5))), str(Place(10, ("::1", 5, 0, 0))), str(Place(1, "/x"))] == [
        "1.2.3.4:5",
        "[::1]:5",
        "unix:/x",
    ]


def test_a_named_proxy_is_gone_through_and_one_that_refuses_is_named() -> None:
    with serving() as (address, _), http_proxy() as proxy:
        lines = taken(address, proxy=proxy.url)
        assert {line.mark for line in lines} == {Mark.OK}
        assert proxy.asked == [f"CONNECT {address} HTTP/1.1"]
        assert f"{proxy.url}, as asked for" in lines[1].text
    assert f"the proxy {proxy.url} does not answer" in failure(address, proxy=proxy.url).text
    with listening(answers(b"HTTP/1.1 403 Forbidden\r\n\r\n")) as shut:
        assert "it answered 'HTTP/1.1 403 Forbidden'" in failure(address, proxy=f"http://{shut}").text


def test_a_proxy_of_the_environment_is_told_and_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    with serving() as (address, _):
        lines = taken(address)
    assert "https_proxy" in lines[1].text
    assert {line.mark for line in lines} == {Mark.OK}


def test_what_fails_is_an_error_with_the_address_and_an_exit_code() -> None:
    with pytest.raises(RunError, match=r"target 127\.0\.0\.1:1: nobody listens there") as caught:
        require("127.0.0.1:1", steps(Endpoint(("127.0.0.1:1",)), "127.0.0.1:1"))
    assert caught.value.exit_code == 3
    with listening(answers(HTTP_400)) as address, pytest.raises(UsageError, match="speaks HTTP/1") as refused:
        require(address, steps(Endpoint((address,)), address))
    assert refused.value.exit_code == 2


def test_a_peer_that_talks_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "WITHIN_S", 1.0)

    def chatter(connected: socket.socket) -> None:
        http2((":status", "200"), ("content-type", "text/plain"), body=b"x", ends=False)(connected)

    with listening(chatter) as address:
        assert failure(address).step is PreflightStep.GRPC
