"""The lab as its clients see it: tokens, calls of all kinds, rejections, chaos over the control ports."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import urllib3

from harness.errors import LabError
from harness.lab import IssuerSettings, LabPlan
from harness.lab.control.client import IssuerControl
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.running import Lab
from tests.e2e.lab_user import FORM, WITHIN_S, User, ending, until

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab.start(LabPlan(issuer=IssuerSettings(lifetime_s=60)), tmp_path_factory.mktemp("run")) as running:
        yield running


@pytest.fixture
def user(lab: Lab) -> Iterator[User]:
    made = User(lab)
    yield made
    made.channel.close()


def test_all_four_kinds_are_served_and_the_side_effect_is_read_back(user: User) -> None:
    metadata = (("authorization", f"Bearer {user.token()}"),)
    nonces = [f"four-{number}" for number in range(3)]
    orders = [pb.TransferRequest(from_account="four-a", to_account="four-b", cents=5, nonce=name) for name in nonces]
    assert not user.stub.Transfer(orders[0], metadata=metadata).repeated
    assert user.stub.ImportTransfers(iter(orders), metadata=metadata).total_cents == 15
    receipts = list(user.stub.StreamTransfers(iter(orders), metadata=metadata))
    assert [(receipt.nonce, receipt.repeated) for receipt in receipts] == [(name, True) for name in nonces]
    listing = user.stub.ListTransfers(pb.ListRequest(account="four-a", interval_s=0.001), metadata=metadata)
    assert [transfer.nonce for transfer in listing] == nonces
    assert ending(listing) == ("OK", "ok")
    assert user.stub.GetBalance(pb.BalanceRequest(account="four-a"), metadata=metadata).version == 3
    assert user.stub.FindTransfer(pb.FindRequest(nonce="four-2"), metadata=metadata).repeated
    missing = user.stub.FindTransfer.future(pb.FindRequest(nonce="four-9"), metadata=metadata)
    assert ending(missing) == ("NOT_FOUND", "ok")


def test_every_kind_without_a_token_is_rejected_before_its_first_message(user: User) -> None:
    wait = threading.Event()

    def never() -> Iterator[Any]:
        wait.wait(WITHIN_S)
        yield from ()

    request = pb.TransferRequest(from_account="a", to_account="b", cents=1, nonce="naked")
    calls = [
        user.stub.GetBalance.future(pb.BalanceRequest(account="42"), timeout=WITHIN_S),
        user.stub.Transfer.future(request, timeout=WITHIN_S),
        user.stub.ListTransfers(pb.ListRequest(account="42"), timeout=WITHIN_S),
        user.stub.ImportTransfers.future(never(), timeout=WITHIN_S),
        user.stub.StreamTransfers(never(), timeout=WITHIN_S),
    ]
    assert [ending(call) for call in calls] == [("UNAUTHENTICATED", "missing_metadata")] * len(calls)
    wait.set()
    found = user.stub.FindTransfer.future(
        pb.FindRequest(nonce="naked"), metadata=(("authorization", f"Bearer {user.token()}"),)
    )
    assert found.code() is grpc.StatusCode.NOT_FOUND


def test_bad_metadata_is_rejected_with_its_verdict(user: User) -> None:
    good = user.token()
    other = ("authorization", f"Bearer {good}")
    assert user.verdict(good) == ("OK", "ok")
    assert user.verdict(None, ("x-authorization", f"Bearer {good}")) == ("UNAUTHENTICATED", "missing_metadata")
    assert user.verdict(None, ("authorization", good)) == ("UNAUTHENTICATED", "malformed")
    assert user.verdict(good, other) == ("UNAUTHENTICATED", "malformed")
    assert user.verdict(good[:-10] + "AAAAAAAAAA") == ("UNAUTHENTICATED", "bad_signature")
    assert user.verdict(good) == ("OK", "ok")


def test_a_long_token_is_never_a_matter_of_luck(user: User) -> None:
    assert {user.verdict("x" * 8000) for _ in range(100)} == {("UNAUTHENTICATED", "malformed")}
    assert {user.verdict("x" * 17_000) for _ in range(100)} == {("RESOURCE_EXHAUSTED", "None")}


@pytest.mark.parametrize("end", ["expire", "revoke"])
def test_the_live_generation_ends_at_once_and_the_next_one_lives(lab: Lab, user: User, end: str) -> None:
    assert lab.issuer
    assert lab.target
    old, before_ns = user.token(), time.monotonic_ns()
    generation = lab.issuer.new_generation()["generation"]
    order = {"expire": lab.target.expire_through, "revoke": lab.target.revoke_through}[end]
    try:
        assert before_ns < order(generation)["at_ns"] < time.monotonic_ns()
        assert lab.target.state()[f"{end}d_through"] == generation
        assert user.verdict(old) == ("UNAUTHENTICATED", f"{end}d")
        assert user.verdict(user.token()) == ("OK", "ok")
    finally:
        order(None)
    assert user.verdict(old) == ("OK", "ok")


def test_both_clocks_move_and_say_by_how_much(lab: Lab, user: User) -> None:
    assert lab.issuer
    assert lab.target
    token = user.token()
    for part, skew_s, expected in (
        (lab.target, 3600.0, "expired"),
        (lab.target, -3600.0, "not_yet_valid"),
        (lab.issuer, 3600.0, "not_yet_valid"),
        (lab.issuer, -3600.0, "expired"),
    ):
        part.move_clock(skew_s)
        clock = part.state()["clock"]
        fresh = token if part is lab.target else user.token()
        got = user.verdict(fresh)
        part.move_clock(0.0)
        assert got == ("UNAUTHENTICATED", expected)
        assert abs(clock["measured_s"] - skew_s) <= clock["bound_s"] + 0.001
    assert user.verdict(user.token()) == ("OK", "ok")


def test_leeway_forgives_what_the_clock_took(lab: Lab, user: User) -> None:
    assert lab.target
    token = user.token()
    lab.target.move_clock(100.0)
    before = user.verdict(token)
    lab.target.set_leeway(120.0)
    after = user.verdict(token)
    lab.target.set_leeway(0.0)
    lab.target.move_clock(0.0)
    assert (before[1], after[1]) == ("expired", "ok")


def test_a_shorter_life_kills_tokens_that_are_told_to_live(lab: Lab, user: User) -> None:
    assert lab.issuer
    lab.issuer.begin_fault("0-short", "harness.faults.early_expiry:EarlyExpiry", {"life_s": 0.001})
    token = user.token()
    lab.issuer.end_fault("0-short")
    assert user.verdict(token) == ("UNAUTHENTICATED", "expired")


def test_a_rotation_is_followed_and_the_old_key_goes(lab: Lab, user: User) -> None:
    assert lab.issuer
    old = user.token()
    lab.issuer.rotate(overlap=True)
    new = user.token()
    until(lambda: user.verdict(new) == ("OK", "ok"))
    assert user.verdict(old) == ("OK", "ok")
    lab.issuer.rotate(overlap=False)
    newest = user.token()
    until(lambda: user.verdict(newest) == ("OK", "ok"))
    assert user.verdict(old) == ("UNAUTHENTICATED", "unknown_key")


def test_an_issuer_that_is_down_refuses_and_comes_back_on_its_port(lab: Lab, user: User) -> None:
    assert lab.issuer
    host, _, port = lab.addresses["issuer"].partition(":")
    for _ in range(10):
        open_connection = socket.create_connection((host, int(port)))
        open_connection.sendall(b"GET /jwks.json HTTP/1.1\r\nhost: x\r\n\r\n")
        assert open_connection.recv(100)
        lab.issuer.set_down(True)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((host, int(port)))
        with contextlib.suppress(ConnectionResetError):
            while open_connection.recv(4096):
                pass
        open_connection.close()
        assert lab.issuer.state()["down"]
        lab.issuer.set_down(False)
        assert user.verdict(user.token()) == ("OK", "ok")


def test_token_errors_and_delay_are_as_ordered(lab: Lab, user: User) -> None:
    assert lab.issuer
    url = lab.token_url or ""
    limit = {"per_s": 0.001, "retry_after_s": 7}
    lab.issuer.begin_fault("0-limit", "harness.faults.issuer_rate_limit:IssuerRateLimit", limit)
    urllib3.request("POST", url, body="x=y", headers=FORM, retries=False)
    answer = urllib3.request("POST", url, body="x=y", headers=FORM, retries=False)
    lab.issuer.end_fault("0-limit")
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.json()["error"] == "temporarily_unavailable"
    lab.issuer.begin_fault("0-slow", "harness.faults.issuer_slow:IssuerSlow", {"delay_s": 0.2})
    start_s = time.monotonic()
    user.token()
    took_s = time.monotonic() - start_s
    lab.issuer.end_fault("0-slow")
    assert took_s >= 0.2


def test_discovery_leads_to_the_keys(lab: Lab) -> None:
    url = f"http://{lab.addresses['issuer']}/.well-known/openid-configuration"
    metadata = urllib3.request("GET", url, headers={"host": "evil.test"}).json()
    assert metadata["issuer"] == lab.issuer_url
    assert urllib3.request("GET", metadata["jwks_uri"]).json()["keys"]


def test_a_stall_holds_answers_back_until_its_end(lab: Lab, user: User) -> None:
    assert lab.target
    token = user.token()
    until_ns = lab.target.stall(0.3)["until_ns"]
    assert user.verdict(token) == ("OK", "ok")
    assert time.monotonic_ns() >= until_ns


def test_a_control_port_wants_its_own_secret(lab: Lab) -> None:
    assert lab.issuer
    stranger = IssuerControl(lab.issuer._port.url, "wrong")
    with pytest.raises(LabError, match="401"):
        stranger.set_down(True)
    assert not lab.issuer.state()["down"]


def test_an_order_that_makes_no_sense_is_refused_by_name(lab: Lab) -> None:
    assert lab.issuer
    with pytest.raises(LabError, match="status=99 is no HTTP error"):
        lab.issuer.begin_fault("0-none", "harness.faults.issuer_errors:IssuerErrors", {"status": 99})


def test_an_issuer_fails_the_share_of_its_requests_that_it_is_told_to(tmp_path: Path) -> None:
    plan = LabPlan(issuer=IssuerSettings(fetch_failure_ratio=0.5), target=None)
    with Lab.start(plan, tmp_path) as failing:
        client = failing.clients[0]
        body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}"
        asked = [
            urllib3.request("POST", str(failing.token_url), body=body, headers=FORM, retries=False) for _ in "four"
        ]
        assert [answer.status for answer in asked] == [200, 503, 200, 503]
        assert failing.issuer
        assert failing.issuer.state()["counters"]["refused"] == 2
