"""The lab as processes: how they start and end, and what they never write down."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from harness.errors import LabError, UsageError
from harness.lab import IssuerSettings, LabPlan, TargetSettings
from harness.lab.processes.child import Child, started_ticks
from harness.lab.processes.launched import Launched
from harness.lab.running import Lab
from harness.lab.toxiproxy.client import ProxyClient
from tests.e2e.lab_user import User, gone, until
from tests.e2e.raw_call import raw_call

pytestmark = pytest.mark.e2e


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


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "EdDSA", "HS256"])
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
            lab.issuer.begin_fault("0-none", "harness.faults.issuer_errors:IssuerErrors", {"status": 1})
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
    started: list[Child | Launched] = []

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
    with pytest.raises(UsageError, match="start the Toxiproxy that TOXIPROXY_URL names, or unset TOXIPROXY_URL"):
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
        assert isinstance(child, Child)
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
from harness.lab.toxiproxy.client import ProxyClient
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


def test_a_child_that_fork_aborts_is_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spawn, aborts = Child._spawn, [0, 0]

    def unlucky(child: Child) -> "subprocess.Popen[bytes]":
        if not aborts:
            return spawn(child)
        aborts.pop()
        command = [sys.executable, "-c", "import os; os.abort()"]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)

    monkeypatch.setattr(Child, "_spawn", unlucky)
    with Child.start("proxy", "harness.lab.proxy", {"port": 0}, tmp_path / "proxy.log") as child:
        assert child.alive()
        assert child.ready["url"]
