"""The lab as real processes: tokens from the issuer, calls to the target, chaos over the control ports."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import urllib3

from harness.errors import LabError, LinkError
from harness.lab import IssuerSettings, LabPlan, TargetSettings
from harness.lab.control import IssuerControl
from harness.lab.process import Child, started_ticks
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.proto import ledger_pb2_grpc
from harness.lab.running import Lab
from harness.lab.toxiproxy import ProxyClient
from tests.e2e.raw_call import raw_call

pytestmark = pytest.mark.e2e

FORM = {"content-type": "application/x-www-form-urlencoded"}
WITHIN_S = 20.0


def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds, within a bound."""
    end_s = time.monotonic() + WITHIN_S
    while not holds():
        assert time.monotonic() < end_s, "the condition did not come true"
        time.sleep(0.02)


def gone(pid: int) -> bool:
    """Return whether a process has ended; a zombie has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


class User:
    """A client of the lab: gets tokens and calls the target."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.channel = grpc.insecure_channel(lab.addresses["target"])
        self.stub: Any = ledger_pb2_grpc.LedgerStub(self.channel)  # type: ignore[no-untyped-call]

    def token(self) -> str:
        client = self.lab.clients[0]
        body = f"grant_type=client_credentials&client_id={client.client_id}&client_secret={client.secret}"
        answer = urllib3.request("POST", self.lab.token_url or "", body=body, headers=FORM, retries=False)
        assert answer.status == 200
        return str(answer.json()["access_token"])

    def verdict(self, token: str | None, *more: tuple[str, str]) -> tuple[str, str]:
        """Make one call; return status and the verifier's verdict."""
        metadata = (*([] if token is None else [("authorization", f"Bearer {token}")]), *more)
        return ending(self.stub.GetBalance.future(pb.BalanceRequest(account="42"), metadata=metadata, timeout=WITHIN_S))


def ending(call: Any) -> tuple[str, str]:
    trailer = dict(call.trailing_metadata() or ())
    return call.code().name, str(trailer.get("x-jwtstorm-verdict"))


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
    lab.issuer.set_lifetime(0)
    token = user.token()
    lab.issuer.set_lifetime(None)
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
    lab.issuer.set_errors(503, retry_after_s=7)
    answer = urllib3.request("POST", url, body="x=y", headers=FORM, retries=False)
    lab.issuer.set_errors(None)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert answer.json()["error"] == "temporarily_unavailable"
    lab.issuer.set_delay(0.2)
    start_s = time.monotonic()
    user.token()
    took_s = time.monotonic() - start_s
    lab.issuer.set_delay(0.0)
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
        lab.issuer.set_errors(99)


def test_keys_that_cannot_be_had_give_unavailable_and_then_come(tmp_path: Path) -> None:
    with Lab.start(LabPlan(target=TargetSettings(keys_cooldown_s=0.05)), tmp_path) as lab:
        assert lab.issuer
        user = User(lab)
        known = user.token()
        lab.issuer.rotate(overlap=True)
        unknown = user.token()
        lab.issuer.set_down(True)
        until(lambda: user.verdict(unknown) == ("UNAVAILABLE", "keys_unavailable"))
        assert user.verdict(known) == ("OK", "ok")
        lab.issuer.set_down(False)
        until(lambda: user.verdict(unknown) == ("OK", "ok"))
        user.channel.close()


@pytest.mark.parametrize("algorithm", ["RS256", "EdDSA", "HS256"])
def test_every_algorithm_works_from_end_to_end(tmp_path: Path, algorithm: str) -> None:
    with Lab.start(LabPlan(issuer=IssuerSettings(algorithm=algorithm)), tmp_path) as lab:
        user = User(lab)
        assert user.verdict(user.token()) == ("OK", "ok")
        user.channel.close()


def test_links_lead_through_the_proxy_and_can_be_cut(tmp_path: Path) -> None:
    links = frozenset({"target", "issuer", "jwks"})
    with Lab.start(LabPlan(links=links, environ={"PATH": ""}, seed=7), tmp_path) as lab:
        assert lab.proxy
        user = User(lab)
        assert user.verdict(user.token()) == ("OK", "ok")
        assert {link: lab.links[link]["listen"] for link in links} == {link: lab.addresses[link] for link in links}
        lab.proxy.set_enabled(lab.proxies["issuer"], enabled=False)
        with pytest.raises(urllib3.exceptions.HTTPError):
            user.token()
        user.channel.close()


def test_no_secret_and_no_token_reaches_a_log_or_the_process_list(tmp_path: Path) -> None:
    with Lab.start(LabPlan(), tmp_path) as lab:
        assert lab.issuer
        assert lab.target
        user = User(lab)
        token = user.token()
        user.verdict(token)
        user.verdict(token + "x")
        with pytest.raises(LabError):
            lab.issuer.set_errors(1)
        hidden = [lab.clients[0].secret, lab.issuer._port.secret, lab.target._port.secret, token]
        told = [Path(f"/proc/{child.pid}/{name}") for child in lab.children for name in ("cmdline", "environ")]
        texts = [path.read_bytes() for path in (*told, *tmp_path.iterdir())]
        texts.append(repr((lab.clients, lab.issuer._port, lab.target._port, lab.plan)).encode())
        user.channel.close()
    texts += [path.read_bytes() for path in tmp_path.iterdir()]
    assert not any(secret.encode() in text for secret in hidden for text in texts)


@pytest.mark.parametrize("tail", [b"\nx-admin: 1", b"\xff\xfe", "é".encode(), b"\x00", b"\x7f"])
def test_bytes_that_no_client_sends_are_malformed_and_never_logged(tmp_path: Path, tail: bytes) -> None:
    with Lab.start(LabPlan(), tmp_path) as lab:
        answer = raw_call(lab.addresses["target"], (b"authorization", b"Bearer HIDDEN" + tail))
        assert b"malformed token" in answer
        user = User(lab)
        assert user.verdict(user.token()) == ("OK", "ok")
        user.channel.close()
    log = (tmp_path / "target.log").read_bytes()
    assert b"HIDDEN" not in log
    assert b"x-admin" not in log


def test_a_lab_that_ends_leaves_no_process(tmp_path: Path) -> None:
    lab = Lab.start(LabPlan(), tmp_path)
    assert [child.name for child in lab.children] == ["issuer", "target"]
    assert all(child.alive() and child.started_ticks == started_ticks(child.pid) for child in lab.children)
    lab.stop()
    lab.stop()
    assert not any(child.alive() for child in lab.children)


def test_a_start_that_fails_stops_what_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Child] = []

    def fail(lab: Lab, _: TargetSettings) -> None:
        started.extend(lab.children)
        raise LabError("no target")

    monkeypatch.setattr(Lab, "_start_target", fail)
    with pytest.raises(LabError, match="no target"):
        Lab.start(LabPlan(), tmp_path)
    assert [child.name for child in started] == ["issuer"]
    assert not started[0].alive()


def test_a_foreign_proxy_that_does_not_answer_ends_the_start_at_once(tmp_path: Path) -> None:
    plan = LabPlan(links=frozenset({"target"}), environ={"TOXIPROXY_URL": "http://127.0.0.1:9"})
    with pytest.raises(LinkError):
        Lab.start(plan, tmp_path)
    assert not list(tmp_path.iterdir())


def test_proxies_in_a_foreign_toxiproxy_are_taken_away_again(tmp_path: Path) -> None:
    with Child.start("proxy", "harness.lab.proxy", {"port": 0}, tmp_path / "proxy.log") as foreign:
        client = ProxyClient(foreign.ready["url"])
        plan = LabPlan(links=frozenset({"target"}), environ={"TOXIPROXY_URL": foreign.ready["url"]})
        with Lab.start(plan, tmp_path) as lab:
            assert list(client.proxies()) == [lab.proxies["target"]]
            assert lab.links["target"]["served_by"].startswith("url ")
        assert not client.proxies()


def test_a_child_ignores_the_terminal_and_a_stopped_one_is_killed(tmp_path: Path) -> None:
    with Lab.start(LabPlan(target=None), tmp_path) as lab:
        (child,) = lab.children
        for number in (signal.SIGINT, signal.SIGHUP):
            os.kill(child.pid, number)
        assert lab.issuer
        assert lab.issuer.state()["down"] is False
        os.kill(child.pid, signal.SIGSTOP)
        child.stop(timeout_s=0.2)
        assert not child.alive()


def test_a_child_that_fails_tells_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"issuer did not start: its last words: KeyError: 'audience'"):
        Child.start("issuer", "harness.lab.issuer", {}, tmp_path / "issuer.log")


def test_a_child_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"asleep was not ready within 0.2 s; it said nothing"):
        Child.start("asleep", "tests.e2e.asleep", {}, tmp_path / "asleep.log", ready_within_s=0.2)


@pytest.mark.parametrize("watched", [True, False], ids=["parent-death-signal", "end-of-stdin"])
def test_children_die_with_a_killed_parent(tmp_path: Path, watched: bool) -> None:
    start = f"Lab.start(LabPlan(), Path({str(tmp_path)!r}))"
    here = f"lab = {start}"
    apart = f"labs = []; t = threading.Thread(target=lambda: labs.append({start})); t.start(); t.join(); lab = labs[0]"
    program = f"""
import json, threading, time
from pathlib import Path
from harness.lab import LabPlan
from harness.lab.running import Lab
from harness.lab.toxiproxy import ProxyClient
{here if watched else apart}
print(json.dumps([child.pid for child in lab.children]), flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout
        pids = json.loads(parent.stdout.readline())
        assert not any(gone(pid) for pid in pids)
        parent.kill()
    until(lambda: all(gone(pid) for pid in pids))
