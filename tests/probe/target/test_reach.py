"""Reaching a target: each way of not being reached is named with its way out."""

import socket
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from harness.endpoint import Endpoint, Tls
from harness.probe.target.reach import UnreachableError, require_reached
from tests.endpoint.certificates import Authority
from tests.endpoint.ledger_server import serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[str]:
    server = authority.sign("server", "ledger.example")
    pair = (server.key.read_bytes(), server.certificate.read_bytes())
    with serving(credentials=grpc.ssl_server_credentials([pair])) as (address, _):
        yield address


def why_not(address: str, tls: Tls | None) -> str:
    with pytest.raises(UnreachableError) as caught:
        require_reached(Endpoint((address,), tls=tls), address, within_s=1.0)
    text = str(caught.value)
    assert text.startswith(f"target {address}: ")
    assert "\n" not in text
    return text


def test_a_secure_target_is_reached_by_its_name_and_its_ca(authority: Authority, secure: str) -> None:
    tls = Tls(authority.pem, server_name="ledger.example")
    require_reached(Endpoint((secure,), tls=tls), secure, within_s=10.0)
    assert "speaks TLS" in why_not(secure, None), "the same port, without"


def test_plaintext_is_told_from_tls() -> None:
    with serving() as (address, _):
        assert "it speaks plaintext, and was asked for TLS; drop --tls" in why_not(address, Tls())


def test_another_ca_is_named_with_its_file(secure: str, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").pem
    text = why_not(secure, Tls(stranger, server_name="ledger.example"))
    assert f"not accepted by {stranger}" in text
    assert "give the --ca FILE that signed it" in text


def test_another_name_than_the_certificates_asks_for_the_server_name(authority: Authority, secure: str) -> None:
    assert "give its --server-name" in why_not(secure, Tls(authority.pem, server_name="other.example"))


def test_a_port_that_takes_connections_and_is_silent_is_no_grpc_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        assert "speaks no HTTP/2; is this the gRPC port?" in why_not(address, None)


def test_a_socket_that_is_not_there_says_so(tmp_path: Path) -> None:
    assert "nobody listens there" in why_not(f"unix:{tmp_path}/none.sock", None)
