from pathlib import Path

import pytest

from harness import Call, Endpoint, LabSettings, Scenario, Tls, TokenCommand, at, constant_rate
from harness.conductor.staging import lab_plan
from harness.endpoint.safety import guard_endpoint
from harness.errors import ScenarioError, UsageError
from harness.faults import Latency

LOAD = constant_rate(per_s=1, duration_s=60, max_users=1)
ISSUER = TokenCommand(["true"])
SLOW = (at(5, Latency(link="target", delay_s=0.1), until_s=9),)


def test_an_address_alone_keeps_its_meaning() -> None:
    scenario = Scenario(load=LOAD, target="127.0.0.1:1", issuer=ISSUER, connections=3)
    assert scenario.endpoint == Endpoint(("127.0.0.1:1",), connections=3)
    assert lab_plan(scenario, {}).foreign == {"target": "127.0.0.1:1"}


@pytest.mark.parametrize(
    ("endpoint", "said"), [(Endpoint(("a:1", "b:1")), "takes one address"), (Endpoint(("unix:/x",)), "unix socket")]
)
def test_a_proxied_link_takes_one_address_over_tcp(endpoint: Endpoint, said: str) -> None:
    with pytest.raises(ScenarioError, match=said):
        Scenario(load=LOAD, target=endpoint, issuer=ISSUER, timeline=SLOW)


def test_a_target_of_another_kind_is_named() -> None:
    with pytest.raises(ScenarioError, match=r"Endpoint\(…\)"):
        Scenario(load=LOAD, target=5, issuer=ISSUER)  # type: ignore[arg-type]


def test_where_a_target_is_does_not_make_runs_unlike_but_how_it_is_reached_does() -> None:
    def fingerprint(endpoint: Endpoint) -> str:
        return Scenario(load=LOAD, target=endpoint, issuer=ISSUER).fingerprint()

    assert fingerprint(Endpoint(("a:1",))) == fingerprint(Endpoint(("b:2",)))
    assert fingerprint(Endpoint(("a:1",))) != fingerprint(Endpoint(("a:1",), tls=Tls()))


def test_calls_make_runs_unlike_by_what_they_send() -> None:
    def fingerprint(call: Call) -> str:
        return Scenario(load=LOAD, target="a:1", issuer=ISSUER, calls=[call]).fingerprint()

    assert fingerprint(Call("a.B/C", {"n": 1})) != fingerprint(Call("a.B/C", {"n": 2}))


def test_every_replica_must_be_allowed() -> None:
    endpoint = Endpoint(("127.0.0.1:1", "ledger.example:443"), tls=Tls(ca=Path("ca.pem")))
    with pytest.raises(UsageError, match=r"--allow-target ledger\.example"):
        guard_endpoint(endpoint, frozenset())
    guard_endpoint(endpoint, frozenset({"ledger.example"}))
    assert guard_endpoint(Endpoint(("unix:/x",)), frozenset()) is None  # type: ignore[func-returns-value]


def test_the_lab_gets_what_the_scenario_says_of_its_issuer() -> None:
    scenario = Scenario(load=LOAD, lab=LabSettings(algorithm="RS256", fetch_failure_ratio=0.01))
    issuer = lab_plan(scenario, {}).issuer
    assert issuer is not None
    assert (issuer.algorithm, issuer.fetch_failure_ratio) == ("RS256", 0.01)
    with pytest.raises(ScenarioError, match="fetch_failure_ratio=2 is no share"):
        Scenario(load=LOAD, lab=LabSettings(fetch_failure_ratio=2))
