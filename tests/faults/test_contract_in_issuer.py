"""What every fault in the issuer promises beside what every fault of the lab does."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from harness.errors import UsageError
from harness.faults import IssuerErrors, IssuerSlow, Surroundings
from harness.faults.in_issuer import IssuerFault, IssuerSeams, issuer_fault
from harness.lab.issuer.active_faults import ActiveFaults
from tests.faults.examples import OF_LAB, Example, label

IN_ISSUER = [Example(one.fault, one.wrong) for one in OF_LAB if isinstance(one.fault, IssuerFault)]
CLAIMS = {"iat": 1_800_000_000, "exp": 1_800_000_300, "jti": "1-1"}
KEYS = {"keys": [{"kid": "k1", "kty": "OKP"}]}
REQUESTS = 100

every_fault = pytest.mark.parametrize("example", IN_ISSUER, ids=label)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long seams waited, which takes no time here."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)
    return waited


def sign(claims: Mapping[str, Any]) -> str:
    return json.dumps(dict(claims))


async def changed(faults: ActiveFaults, waits: list[float]) -> list[str]:
    """Return the seams through which the faults in force change something."""
    seams: list[str] = []
    refusals = [await faults.refusal() for _ in range(REQUESTS)]
    if any(refusals) or waits:
        seams.append("on_token_request")
        waits.clear()
    if any(faults.minted(CLAIMS, last, sign) != sign(CLAIMS) for last in ("", "the last one")):
        seams.append("on_mint")
    if await faults.published(KEYS) != KEYS or waits:
        seams.append("on_keys")
        waits.clear()
    return seams


@every_fault
def test_its_effect_is_seen_until_it_ends(example: Example[IssuerFault], waits: list[float]) -> None:
    name, faults = example.fault.name(), ActiveFaults()
    faults.begin("15-step", issuer_fault(**json.loads(json.dumps(example.fault.order()))))
    seams = asyncio.run(changed(faults, waits))
    assert seams, f"{name}: its effect is never seen; override on_token_request, on_mint or on_keys"
    faults.end("15-step")
    assert asyncio.run(changed(faults, waits)) == []


@every_fault
def test_what_remembers_is_made_anew_for_each_step(example: Example[IssuerFault]) -> None:
    begun = example.fault.begin()
    assert isinstance(begun, IssuerSeams)
    assert begun is example.fault or begun is not example.fault.begin()


def test_faults_are_asked_in_the_order_in_which_they_began(waits: list[float]) -> None:
    faults = ActiveFaults()
    faults.begin("1-slow", IssuerSlow(2.0))
    faults.begin("2-errors", IssuerErrors(503))
    refusal = asyncio.run(faults.refusal())
    assert refusal is not None
    assert (refusal.status, waits) == (503, [2.0])


@pytest.mark.parametrize("fault", ["os:system", "harness.faults.latency:Latency", "harness.faults.issuer_slow:Nothing"])
def test_the_issuer_takes_no_class_but_those_of_its_faults(fault: str) -> None:
    with pytest.raises(UsageError, match="is no fault of the issuer"):
        issuer_fault(fault, {})


def test_a_fault_that_the_issuer_cannot_load_is_refused_when_the_scenario_is_built() -> None:
    class Elsewhere(IssuerFault, registered=False):
        pass

    (sentence,) = Elsewhere().misfits(Surroundings())
    assert sentence.startswith("elsewhere: the issuer, a process of its own, loads its faults from harness/faults/")
