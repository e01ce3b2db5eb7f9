"""A client's certificate and its key in one PEM file, as openssl, HAProxy and cert-manager write them."""

from pathlib import Path
from typing import Any

import pytest

from harness.endpoint import Endpoint, Tls
from harness.endpoint.opening import pems
from harness.preflight.handshake import context_of
from tests.endpoint.certificates import Authority


@pytest.fixture
def both(tmp_path: Path) -> Path:
    pair = Authority(tmp_path).sign("client")
    path = tmp_path / "client-both.pem"
    path.write_bytes(pair.key.read_bytes() + pair.certificate.read_bytes())
    return path


@pytest.mark.parametrize("given", ["certificate", "key", "certificate key"])
def test_one_file_holds_both_whichever_it_is_called(both: Path, given: str) -> None:
    settings: Any = dict.fromkeys(given.split(), both)
    tls = Tls(**settings)
    assert Endpoint(("a:1",), tls=tls).mistakes() == []
    assert pems(tls) == (None, both.read_bytes(), both.read_bytes())
    context_of(tls)


@pytest.mark.parametrize("given", ["certificate", "key"])
def test_a_file_that_holds_one_of_them_asks_for_the_other(tmp_path: Path, given: str) -> None:
    pair = Authority(tmp_path).sign("client")
    path: Path = getattr(pair, given)
    missing = {"certificate": "key", "key": "certificate"}[given]
    settings: Any = {given: path}
    (mistake,) = Tls(**settings).mistakes()
    assert mistake == f"tls: {given}= without {missing}=, and {path} does not hold it; mutual TLS needs both"
