"""The faults of the target's process, on a real one."""

from collections.abc import Iterator

import grpc
import pytest

from harness.conductor.controls import Controls
from harness.faults import PauseTarget, RestartTarget, Site
from harness.lab.plan import LabPlan
from harness.lab.processes.residents import Residents
from harness.lab.proto import ledger_pb2 as pb
from harness.lab.running import Lab
from tests.e2e.lab_user import User, ending, gone, until

pytestmark = pytest.mark.e2e

SITE = Site("15-step")


@pytest.fixture
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab.start(LabPlan(), tmp_path_factory.mktemp("lab")) as lab:
        yield lab


def parts_of(lab: Lab) -> Controls:
    return Controls(lab.issuer, lab.target, lab.proxy, Residents(lab.children))


def undo(fault: PauseTarget | RestartTarget, parts: Controls) -> None:
    for command in fault.undo(SITE):
        parts.do(command)


def test_a_killed_target_comes_back_where_it_was(lab: Lab) -> None:
    parts, user = parts_of(lab), User(lab)
    token = user.token()
    assert user.verdict(token) == ("OK", "ok")
    RestartTarget().apply(parts, SITE)
    assert RestartTarget().read(parts, SITE).active
    assert user.verdict(token)[0] == grpc.StatusCode.UNAVAILABLE.name
    undo(RestartTarget(), parts)
    until(lambda: user.verdict(token) == ("OK", "ok"))
    assert not RestartTarget().read(parts, SITE).active
    assert lab.target
    assert lab.target.state()["leeway_s"] == 0
    user.channel.close()


def test_a_hanging_target_keeps_its_connections_and_goes_on(lab: Lab) -> None:
    parts, user = parts_of(lab), User(lab)
    token = user.token()
    PauseTarget().apply(parts, SITE)
    assert PauseTarget().read(parts, SITE).active
    request, metadata = pb.BalanceRequest(account="42"), (("authorization", f"Bearer {token}"),)
    answer = ending(user.stub.GetBalance.future(request, metadata=metadata, timeout=0.5))
    assert answer[0] == grpc.StatusCode.DEADLINE_EXCEEDED.name
    undo(PauseTarget(), parts)
    until(lambda: user.verdict(token) == ("OK", "ok"))
    assert not PauseTarget().read(parts, SITE).active
    user.channel.close()


def test_a_lab_that_ends_takes_a_hanging_target_with_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Lab.start(LabPlan(), tmp_path_factory.mktemp("lab")) as lab:
        target = next(child for child in lab.children if child.name == "target")
        PauseTarget().apply(parts_of(lab), SITE)
    assert gone(target.pid)
