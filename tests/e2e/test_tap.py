"""A tap before the lab's target, in TLS on both sides: a good token, an expired one, and one of another issuer."""

import re
import signal
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
import urllib3

from harness import clock
from harness.lab.issuer.keys import IssuerKey
from harness.lab.place import LabPlace
from harness.lab.plan import LabPlan
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.lab.running import Lab
from tests.e2e.lab_user import FORM
from tests.e2e.probed import started

pytestmark = pytest.mark.e2e


def test_a_tap_tells_why_tokens_are_turned_away_and_changes_nothing(tmp_path: Path) -> None:
    made = IssuerKey.generate("ES256", serial=1)
    key = {"kid": made.kid, "pem": made.pem()}
    plan = LabPlan(place=LabPlace(tls=True), issuer_key=key)
    with Lab.start(plan, tmp_path) as lab:
        assert lab.ca
        words = ("--ca", str(lab.ca), "--issuer-url", str(lab.issuer_url), "--listen-tls")
        with started("tap", lab.addresses["target"], *words, SSL_CERT_FILE=str(lab.ca)) as process:
            assert process.stdout
            head = "".join(iter(lambda: next(process.stdout), "Ctrl-C ends it.\n"))  # type: ignore[arg-type]
            (address,) = re.findall(r"^tap +(\S+)", head, re.MULTILINE)
            (ca,) = re.findall(r"^ca +(\S+)", head, re.MULTILINE)
            good = fetched(lab)
            claims = jwt.decode(good, options={"verify_signature": False})
            now_s = int(clock.wall())
            dated: dict[str, dict[str, Any]] = {
                "expired": {"exp": now_s - 900, "iat": now_s - 1000},
                "misnamed": {"aud": "legder"},
            }
            dead = {
                name: jwt.encode(
                    {**claims, **change}, key["pem"], "ES256", headers={"kid": key["kid"], "typ": "at+jwt"}
                )
                for name, change in dated.items()
            }
            assert call(address, ca, good) == "OK"
            assert call(address, ca, dead["expired"]) == "UNAUTHENTICATED"
            assert call(address, ca, dead["expired"]) == "UNAUTHENTICATED"
            assert call(address, ca, dead["misnamed"]) == "UNAUTHENTICATED"
            process.send_signal(signal.SIGINT)
            told = process.stdout.read()
    assert process.returncode == 0
    assert "/jwtstorm.lab.v1.Ledger/GetBalance  OK" in told
    assert re.search(r"It expired 9\d\d s ago: fetch a new one", told)
    assert "Token 2 again, refused for the same reason 1 time before" in told
    assert "A token that is accepted has aud ledger, and this one has legder" in told
    assert told.count("is published by") == 2
    assert not any(part in told for token in (good, *dead.values()) for part in token.split(".")[1:])


def fetched(lab: Lab) -> str:
    client, http = lab.clients[0], urllib3.PoolManager(ca_certs=str(lab.ca))
    body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}"
    return str(http.request("POST", str(lab.token_url), body=body, headers=FORM).json()["access_token"])


def call(address: str, ca: str, token: str) -> str:
    with grpc.secure_channel(address, grpc.ssl_channel_credentials(Path(ca).read_bytes())) as channel:
        stub: Any = ledger_pb2_grpc.LedgerStub(channel)  # type: ignore[no-untyped-call]
        metadata = (("authorization", f"Bearer {token}"),)
        made = stub.GetBalance.future(pb.BalanceRequest(account="1"), metadata=metadata, timeout=10)
        return str(made.code().name)
