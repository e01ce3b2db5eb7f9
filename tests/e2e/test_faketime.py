"""The third rung: the clock of somebody else's server is moved while it runs, and its verdicts change."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest

from harness.conductor.controls import Controls
from harness.errors import UsageError
from harness.faults import ClockDrift, ClockSkew, LabFault, RestartTarget, Site
from harness.lab.clocks.faked_clock import Faked
from harness.lab.clocks.faketime import VARIABLE, find_library
from harness.lab.plan import IssuerSettings, LabPlan
from harness.lab.processes.launch import Launch
from harness.lab.processes.residents import Residents
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.running import Lab
from tests.e2e.lab_user import User, gone, until
from tests.e2e.storms import Trial, assert_code, settings

try:
    find_library({})
    MISSING = ""
except UsageError as reason:
    MISSING = str(reason)

pytestmark = [pytest.mark.e2e, pytest.mark.skipif(bool(MISSING), reason=f"libfaketime: {MISSING}")]

SITE = Site("15-step")
BANK = str(Path(__file__).with_name("bank.py"))
LAUNCH = Launch(
    [sys.executable, BANK, "{port}", "{jwks_url}"],
    environ={"PYTHONPATH": str(Path(__file__).parents[2])},
    faketime=True,
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Lab.start(LabPlan(issuer=IssuerSettings(lifetime_s=60), target=None, launch=LAUNCH), tmp_path) as lab:
        yield lab


def parts_of(lab: Lab) -> Controls:
    return Controls(lab.issuer, lab.target, lab.proxy, Residents(lab.children), lab.clock)


def undo(fault: LabFault, parts: Controls) -> None:
    for command in fault.undo(SITE):
        parts.do(command)


def said(user: User, token: str) -> str:
    """Return the server's own words on a token; empty where it is good."""
    metadata = (("authorization", f"Bearer {token}"),)
    call: Any = user.stub.GetBalance.future(pb.BalanceRequest(account="42"), metadata=metadata, timeout=10)
    assert call.code() in {grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED}, call.details()
    return str(call.details() or "")


@pytest.mark.parametrize(
    ("skew_s", "verdict"), [(90.0, "Signature has expired"), (-90.0, "The token is not yet valid (iat)")]
)
def test_a_moved_clock_changes_the_verdicts_of_a_foreign_server(lab: Lab, skew_s: float, verdict: str) -> None:
    parts, user, fault = parts_of(lab), User(lab), ClockSkew("verifier", skew_s)
    token = user.token()
    assert said(user, token) == ""
    fault.apply(parts, SITE)
    reading = fault.read(parts, SITE)
    assert (reading.active, reading.measured["rung"]) == (True, 3)
    assert abs(reading.measured["measured_s"] - skew_s) < 0.05
    until(lambda: said(user, token) == verdict)
    undo(fault, parts)
    assert not fault.read(parts, SITE).active
    assert abs(parts.state("clock")["clock"]["measured_s"]) < 0.05
    until(lambda: said(user, token) == "")
    user.channel.close()


def test_a_drift_ends_a_tokens_life_early(lab: Lab) -> None:
    parts, user, fault = parts_of(lab), User(lab), ClockDrift("verifier", 20_000_000)
    token = user.token()
    assert said(user, token) == ""
    fault.apply(parts, SITE)
    until(lambda: said(user, token) == "Signature has expired")  # 65 s pass in 3.25
    reading = fault.read(parts, SITE)
    assert reading.measured["measured_s"] > 60
    undo(fault, parts)
    until(lambda: said(user, token) == "")
    assert not fault.read(parts, SITE).active
    user.channel.close()


def test_a_server_that_was_killed_comes_back_with_the_clock_that_chaos_gave_it(lab: Lab) -> None:
    parts, user = parts_of(lab), User(lab)
    token = user.token()
    ClockSkew("verifier", 90.0).apply(parts, SITE)
    RestartTarget().apply(parts, SITE)
    assert gone(lab.children[-1].pid)
    undo(RestartTarget(), parts)
    assert said(user, token) == "Signature has expired"
    user.channel.close()


def test_nothing_is_left_in_shared_memory(tmp_path: Path) -> None:
    with Lab.start(LabPlan(target=None, launch=LAUNCH), tmp_path) as lab:
        pid = lab.children[-1].pid
        assert list(Path("/dev/shm").glob(f"*faketime_*_{pid}"))
    assert gone(pid)
    assert not list(Path("/dev/shm").glob(f"*faketime_*_{pid}"))


@pytest.mark.parametrize(
    ("changes", "environ", "words"),
    [
        ({"command": ["/etc/hostname", "{port}", "{jwks_url}"]}, {}, "is no Linux program"),
        ({"command": ["no-such-server", "{port}"]}, {}, "there is no program no-such-server"),
        ({}, {VARIABLE: "/nowhere/libfaketime.so.1"}, "there is no /nowhere/libfaketime.so.1"),
        ({}, {"FAKETIME": "+1d"}, "FAKETIME is set, and overrules"),
    ],
)
def test_what_cannot_work_is_refused_before_it_is_started(
    changes: dict[str, Any], environ: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match=words):
        Faked.prepare(replace(LAUNCH, **changes), tmp_path, {**os.environ, **environ})


def test_a_library_that_does_not_move_the_clock_is_found_by_the_self_test(tmp_path: Path) -> None:
    (libm,) = {line.split()[-1] for line in Path("/proc/self/maps").read_text().splitlines() if "/libm.so" in line}
    with pytest.raises(UsageError, match=r"the clock moved by -?0\.000 s instead of 1000 s"):
        Faked.prepare(LAUNCH, tmp_path, {**os.environ, VARIABLE: libm})


def test_a_program_that_drops_the_preload_is_refused_when_it_runs(tmp_path: Path) -> None:
    if not (shell := shutil.which("sh")):
        pytest.skip("no sh")
    command = [shell, "-c", 'unset LD_PRELOAD; exec "$@"', "sh", *LAUNCH.command]
    with pytest.raises(UsageError, match="runs without libfaketime"):
        Lab.start(LabPlan(target=None, launch=replace(LAUNCH, command=command)), tmp_path)
    until(lambda: not _running(str(tmp_path)))
    assert not _running(str(tmp_path))


def test_a_program_in_go_is_refused(tmp_path: Path) -> None:
    if not (go := shutil.which("go", path=f"{os.environ.get('PATH', '')}:/usr/local/go/bin")):
        pytest.skip("no go: nothing written in Go to refuse")
    with pytest.raises(UsageError, match="is written in Go"):
        Faked.prepare(replace(LAUNCH, command=[go, "{port}"]), tmp_path)


def test_a_static_program_is_refused(tmp_path: Path) -> None:
    if not (compiler := shutil.which("cc")):
        pytest.skip("no cc: no static program to refuse")
    source, program = tmp_path / "main.c", tmp_path / "server"
    source.write_text("int main(void) { return 0; }\n")
    subprocess.run([compiler, "-static", "-o", str(program), str(source)], check=True)
    with pytest.raises(UsageError, match="is statically linked"):
        Faked.prepare(replace(LAUNCH, command=[str(program), "{port}"]), tmp_path)


def _running(named: str) -> list[str]:
    """Return the processes whose environment names a folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            found += [path.parent.name] if f"FAKETIME_TIMESTAMP_FILE={named}".encode() in path.read_bytes() else []
    return found


RUN = f"""target=Launch({list(LAUNCH.command)!r}, environ={dict(LAUNCH.environ)!r}, faketime=True),
    timeline=[at(2, ClockSkew(of="verifier", skew_s=90), until_s=6)]"""


def test_a_run_moves_the_clock_of_the_server_that_it_launched(tmp_path: Path) -> None:
    trial = Trial(tmp_path)
    trial.write(settings(RUN, duration_s=9))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert_code(done, 0)  # its one check is of steady state, and there no call failed
    about = trial.about()
    assert about["state"] == "complete", done.stdout + done.stderr
    (clock,) = about["clocks"]
    assert (clock["step"], clock["rung"]) == ("2-clock_skew", 3)
    assert abs(clock["measured_s"] - 90) < 0.05
    assert about["faketime"]["seen_within_s"] == 2
    assert about["problems"] == []
    summary = json.loads((trial.run_folder() / "summary.json").read_text())
    (moved,) = (cell for cell in summary["cells"] if (cell["phase"], cell["method"]) == (clock["step"], "*"))
    assert set(moved["causes"]) == {"EXPIRED"}
    assert trial.children_alive() == []


def test_without_the_library_a_run_is_refused_before_its_first_call(tmp_path: Path) -> None:
    trial = Trial(tmp_path, {VARIABLE: "/nowhere/libfaketime.so.1"})
    trial.write(settings(RUN, duration_s=9))
    done = trial.jwtstorm("run", "trial.py", "--headless")
    assert done.returncode == 2, done.stdout + done.stderr
    assert "pip install 'jwtstorm[faketime]'" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert trial.about()["state"] == "aborted"
