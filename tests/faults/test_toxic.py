"""A fault of the network is a toxic that every Toxiproxy takes."""

import pytest

from harness.faults import FAULTS, LabFault
from harness.faults.toxic import ToxicFault
from harness.lab.proxy import wire
from harness.lab.proxy.toxics import TOXICS
from tests.faults.examples import OF_LAB, Example, label

NETWORK = [example for example in OF_LAB if isinstance(example.fault, ToxicFault)]


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("example", NETWORK, ids=label)
def test_its_attributes_are_taken_as_they_are(example: Example[LabFault], strict: bool) -> None:
    fault = example.fault
    assert isinstance(fault, ToxicFault)
    toxic = {"type": fault.kind, "stream": fault.direction(), "attributes": fault.attributes()}
    dose = wire.read_dose(toxic, strict=strict)
    assert dose.to_json()["attributes"] == {**dict.fromkeys(TOXICS[fault.kind].wires(), 0), **fault.attributes()}


def test_every_toxic_but_the_one_that_does_nothing_has_a_fault() -> None:
    kinds = {kind.kind for kind in FAULTS.values() if issubclass(kind, ToxicFault)}
    assert kinds == set(TOXICS) - {"noop"}
