"""What every fault per call promises beside what every fault does."""

import time
from collections.abc import Iterator

import pytest

from harness.defects.forging import Forger
from harness.defects.good import Good
from harness.faults import CallFault, CallView
from harness.faults.per_call.dice import CallFaults
from harness.faults.timeline import at, number
from tests.faults.examples import PER_CALL, Example, label

GOOD = Good.of("ES256", "https://issuer.invalid", "ledger", time.time())
TOKEN = GOOD.token(nbf=int(GOOD.now_s) - 10)
METADATA = (("authorization", f"Bearer {TOKEN}"), ("trace-bin", b"\x00"))
VIEWS = [CallView("/ledger/Get", 7, 0, 1.5, draw / 100, Forger(GOOD.signer)) for draw in range(100)]
DECISIONS = ("use", "fetch", "wait", "use_and_fetch", "fail")

every_fault = pytest.mark.parametrize("example", PER_CALL, ids=label)


def changed(fault: CallFault) -> Iterator[str]:
    """Yield each seam through which a fault changes something of some call."""
    for view in VIEWS:
        if fault.on_call(view, 0.25) != 0.25:
            yield "on_call"
        if fault.on_token(TOKEN, view) != TOKEN:
            yield "on_token"
        if fault.on_metadata(METADATA, view) != METADATA:
            yield "on_metadata"
    if fault.on_clock(1e9, 3.0) != 1e9:
        yield "on_clock"
    if any(fault.on_refresh(decision, before=before) != decision for decision in DECISIONS for before in (False, True)):
        yield "on_refresh"


@every_fault
def test_its_effect_is_seen_and_no_other(example: Example[CallFault]) -> None:
    name, seams = example.fault.name(), set(changed(example.fault))
    assert seams, f"{name}: its effect is never seen; override the seam that it touches (on_call, on_token, …)"
    assert seams == example.touches, f"{name}: it touches {sorted(seams)}; say so in touches= of its example"


@every_fault
def test_a_fault_that_expects_answers_changes_credentials_and_names_what_it_sends(example: Example[CallFault]) -> None:
    if example.fault.expects():
        assert example.touches & {"on_token", "on_metadata"}, f"{example.fault.name()}: it poisons no credentials"


@every_fault
def test_toxicity_zero_never_touches_and_one_always_does(example: Example[CallFault]) -> None:
    fault = example.fault
    steps = number([at(0, fault, 10, toxicity=0.0), at(0, fault, 10, toxicity=1.0)])
    faults = CallFaults(steps, seed=7)
    for call_id in range(200):
        assert not faults.touches(steps[0], call_id, 0, 0)
        assert faults.touches(steps[1], call_id, 0, 0)


@every_fault
def test_the_same_seed_makes_the_same_decisions(example: Example[CallFault]) -> None:
    (step,) = number([at(0, example.fault, 10, toxicity=0.5)])
    calls = [(call_id, nth, attempt) for call_id in range(100) for nth in (0, 1) for attempt in (0, 1)]
    first, again, other = ([CallFaults([step], seed).touches(step, *call) for call in calls] for seed in (7, 7, 8))
    assert first == again
    assert first != other
    assert 0.35 < sum(first) / len(first) < 0.65
