"""docs/proxy.md keeps up with the code."""

from pathlib import Path

import pytest

from harness.faults import FAULTS
from harness.faults.toxic import ToxicFault
from harness.lab.proxy.toxics import TOXICS
from tests.lab.proxy import contract, contract_toxics

TEXT = Path("docs/proxy.md").read_text(encoding="utf-8")
CASES = (*contract.CREATE, *contract.POPULATE, *contract_toxics.TOXICS)


@pytest.mark.parametrize("why", sorted({case.why for case in CASES if case.why}))
def test_every_difference_of_the_contract_is_listed(why: str) -> None:
    assert f"| {why} |" in TEXT


@pytest.mark.parametrize("kind", sorted(TOXICS))
def test_every_toxic_is_listed_with_its_attributes_and_its_fault(kind: str) -> None:
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{kind}` |"))
    assert all(f"`{wire}`" in row for wire in TOXICS[kind].wires())
    faults = {fault.__name__ for fault in FAULTS.values() if issubclass(fault, ToxicFault) and fault.kind == kind}
    assert all(f"`{name}`" in row for name in faults)
