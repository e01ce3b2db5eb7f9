"""What every fault of the lab promises beside what every fault does."""

import inspect
import json
from typing import Any

import msgspec
import pytest

from harness.faults import Command, LabFault, Site
from harness.lab.clocks.faked_clock import FakedClock
from harness.lab.control.client import IssuerControl, TargetControl
from harness.lab.processes.commands import Commands
from harness.lab.processes.residents import Residents
from harness.lab.toxiproxy.client import ProxyClient
from tests.fakes.lab import LINKS, FakeLab
from tests.faults.examples import OF_LAB, Example, label

SITE = Site("15-step", 0.5, LINKS)
CONTROLS: dict[str, type[Any]] = {
    "issuer": IssuerControl,
    "target": TargetControl,
    "proxy": ProxyClient,
    "process": Residents,
    "clock": FakedClock,
    "command": Commands,
}
SECRETS = ("authorization", "bearer", "secret", "password", "private")

every_fault = pytest.mark.parametrize("example", OF_LAB, ids=label)
lasting = pytest.mark.parametrize("example", [e for e in OF_LAB if not e.fault.instant], ids=label)


@every_fault
def test_the_undo_is_plain_data_without_secrets(example: Example[LabFault]) -> None:
    written = json.dumps(msgspec.to_builtins(example.fault.undo(SITE)))
    assert msgspec.convert(json.loads(written), tuple[Command, ...]) == example.fault.undo(SITE)
    assert not [word for word in SECRETS if word in written.lower()]


@every_fault
def test_the_undo_is_the_same_whenever_it_is_asked_for(example: Example[LabFault]) -> None:
    lab = FakeLab()
    before = example.fault.undo(SITE)
    example.fault.apply(lab, SITE)
    assert example.fault.undo(SITE) == before


@every_fault
def test_only_a_fault_with_width_has_an_undo(example: Example[LabFault]) -> None:
    assert bool(example.fault.undo(SITE)) is not example.fault.instant


@every_fault
def test_a_fault_reads_as_active_after_it_is_applied(example: Example[LabFault]) -> None:
    lab = FakeLab()
    assert not example.fault.read(lab, SITE).active
    at_ns = example.fault.apply(lab, SITE)
    assert at_ns == lab.now_ns, "the edge is the moment that the last command's answer tells"
    reading = example.fault.read(lab, SITE)
    assert reading.active
    json.dumps(dict(reading.measured))


@lasting
def test_undoing_a_fault_leaves_the_lab_as_it_was(example: Example[LabFault]) -> None:
    lab = FakeLab()
    before = lab.everything()
    example.fault.apply(lab, SITE)
    assert lab.everything() != before
    for command in example.fault.undo(SITE):
        lab.do(command)
    assert lab.everything() == before
    assert not example.fault.read(lab, SITE).active


@lasting
def test_undoing_a_fault_twice_or_unapplied_does_no_harm(example: Example[LabFault]) -> None:
    lab = FakeLab()
    before = lab.everything()
    for command in (*example.fault.undo(SITE), *example.fault.undo(SITE)):
        lab.do(command)
    assert lab.everything() == before


@every_fault
def test_every_command_fits_the_control_that_carries_it_out(example: Example[LabFault]) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    for command in (*lab.done, *example.fault.undo(SITE)):
        method = getattr(CONTROLS[command.part], command.action)
        assert inspect.signature(method).bind(None, **command.arguments).arguments.keys() >= command.arguments.keys()


@every_fault
def test_a_fault_touches_only_the_parts_that_it_needs(example: Example[LabFault]) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    needs = {need.partition(":")[0].replace("link", "proxy") for need in example.fault.needs()}
    parts = {command.part for command in lab.done}
    assert parts == needs


@every_fault
def test_a_fault_of_the_network_hands_its_toxicity_to_the_proxy(example: Example[LabFault]) -> None:
    lab = FakeLab()
    example.fault.apply(lab, SITE)
    handed = {command.arguments["toxicity"] for command in lab.done if "toxicity" in command.arguments}
    assert handed == ({SITE.toxicity} if example.fault.partial else set())
