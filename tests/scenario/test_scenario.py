from dataclasses import replace
from typing import Any

import pytest

from harness import LabSettings, Matters, Scenario, Tokens, at, closed_users, constant_rate, failure_ratio, recovery
from harness.errors import ScenarioError
from harness.faults import ExpireAll, Fault, ForceRefresh, IssuerDown, Latency
from harness.tokens.sources.client_credentials import ClientCredentials
from harness.tokens.sources.token_command import TokenCommand

LOAD = constant_rate(per_s=20, duration_s=60, max_users=10)
EXPIRE, DOWN, FORCE = ExpireAll(), IssuerDown(), ForceRefresh()
ISSUER = TokenCommand(["true"])
OWN: dict[str, Any] = {"target": "127.0.0.1:50051", "issuer": ISSUER}


def latency(link: str, delay_s: float = 0.4) -> Fault:
    return Latency(link, delay_s)


def mistakes_of(**settings: Any) -> tuple[str, ...]:
    with pytest.raises(ScenarioError) as caught:
        Scenario(**{"load": LOAD, **settings})
    assert caught.value.exit_code == 2
    return caught.value.mistakes


def test_all_mistakes_are_told_at_once() -> None:
    found = mistakes_of(
        load=constant_rate(per_s=0, duration_s=60, max_users=10),
        tokens=Tokens(refresh="sometimes", lifetime_s=-1),
        timeline=[at(70, EXPIRE), at(10, latency("moon", -1), until_s=5)],
        checks=[failure_ratio(below=2)],
        deadline_s=0,
        lab=LabSettings(algorithm="none"),
    )
    words = ("per_s", "refresh", "lifetime_s", "begin within it", "until_s", "link", "delay_s", "below", "deadline_s")
    for word in (*words, "algorithm"):
        assert [sentence for sentence in found if word in sentence], word


def test_what_matters_is_validated_with_the_scenario() -> None:
    found = mistakes_of(matters=Matters(p99_ratio=-1, primaries=("p99 moon",)), timeline=[at(15, EXPIRE)])
    assert [sentence for sentence in found if "p99_ratio" in sentence]
    assert [sentence for sentence in found if "p99 moon" in sentence and "15-expire_all" in sentence]


def test_every_mistake_stands_on_a_line_of_its_own() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario(LOAD, deadline_s=0, connections=0)
    assert str(caught.value).splitlines() == [
        "scenario: 2 mistakes",
        "  - scenario: deadline_s=0 must be above 0",
        "  - scenario: connections=0 must be a whole number of 1 or more",
    ]


def test_a_check_may_name_a_step_of_the_timeline_only() -> None:
    Scenario(LOAD, timeline=[at(15, EXPIRE)], checks=[recovery(within_s=3, after="15-expire_all")])
    (sentence,) = mistakes_of(timeline=[at(15, EXPIRE)], checks=[recovery(within_s=3, after="16-expire_all")])
    assert "15-expire_all" in sentence


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"target": "127.0.0.1:1"}, "give issuer="),
        ({"issuer": ISSUER}, "give target= too"),
        ({**OWN, "timeline": [at(1, DOWN, until_s=2)]}, "needs the lab's own issuer"),
        ({**OWN, "timeline": [at(1, EXPIRE)]}, "needs the lab's own target"),
        ({**OWN, "timeline": [at(1, latency("issuer"), until_s=2)]}, "the issuer link is the lab's"),
        ({**OWN, "timeline": [at(1, latency("jwks"), until_s=2)]}, "the jwks link runs between"),
    ],
)
def test_a_step_needs_a_part_that_the_run_has(settings: dict[str, Any], said: str) -> None:
    assert [sentence for sentence in mistakes_of(**settings) if said in sentence]


def test_your_own_service_can_stand_behind_a_proxied_link() -> None:
    scenario = Scenario(LOAD, timeline=[at(1, latency("target"), until_s=2), at(5, FORCE)], **OWN)
    assert scenario.links() == {"target"}
    assert scenario.to_json()["lab"] is None


def test_only_links_that_the_timeline_touches_are_proxied() -> None:
    timeline = [at(1, latency("issuer"), until_s=2), at(3, latency("jwks"), until_s=4), at(5, EXPIRE)]
    assert Scenario(LOAD, timeline=timeline).links() == {"issuer", "jwks"}
    assert Scenario(LOAD).links() == frozenset()


def test_an_arrival_waits_as_long_as_the_deadline_unless_told() -> None:
    assert Scenario(LOAD, deadline_s=0.7).lag_bound_s == 0.7
    assert Scenario(LOAD, deadline_s=0.7, max_lag_s=0.0).lag_bound_s == 0.0


BASE = Scenario(
    LOAD, timeline=[at(15, latency("target"), until_s=20, toxicity=0.5)], checks=[failure_ratio(below=0.01)]
)
CHANGES: list[dict[str, Any]] = [
    {"seed": 2},
    {"deadline_s": 2.0},
    {"max_lag_s": 3.0},
    {"load": replace(LOAD, per_s=21.0)},
    {"load": replace(LOAD, warm_up_s=3.0)},
    {"load": replace(LOAD, max_users=11)},
    {"tokens": Tokens(jitter_s=1.0)},
    {"tokens": Tokens(retry_once=False)},
    {"lab": LabSettings(leeway_s=5.0)},
    {"checks": [failure_ratio(below=0.02)]},
    {"timeline": [at(15, latency("target"), until_s=20)]},
    {"timeline": [at(15, latency("target"), until_s=21, toxicity=0.5)]},
    {"timeline": [at(15, latency("target", 0.5), until_s=20, toxicity=0.5)]},
    {"timeline": [at(15, latency("issuer"), until_s=20, toxicity=0.5)]},
    {"connections": 2},
    {"matters": Matters(p99_ratio=0.2)},
    OWN,
]


@pytest.mark.parametrize("change", CHANGES, ids=",".join)
def test_any_setting_that_changes_changes_the_fingerprint(change: dict[str, Any]) -> None:
    assert replace(BASE, **change).fingerprint() != BASE.fingerprint()


def test_the_same_settings_have_the_same_fingerprint() -> None:
    assert replace(BASE).fingerprint() == BASE.fingerprint()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"load": None}, "load=None is None; give constant_rate"),
        ({"load": {"per_s": 5}}, "of type dict; give constant_rate"),
        ({"load": constant_rate}, "give constant_rate"),
        ({"tokens": {}}, "tokens={} is of type dict; give Tokens(…)"),
        ({"tokens": Tokens}, "are its parentheses missing?"),
        ({"timeline": 5}, "timeline=5 is of type int; give a list"),
        ({"timeline": [5]}, "timeline: entry 1 is 5, of type int; write at(15"),
        ({"timeline": [at(15, ExpireAll)]}, "timeline: entry 1: <class"),  # type: ignore[arg-type]
        ({"timeline": [at("15", EXPIRE)]}, "at '15' is no time"),  # type: ignore[arg-type]
        ({"timeline": [at(True, EXPIRE)]}, "at True is no time"),
        ({"timeline": [at(1, latency("target"), until_s="9")]}, "until_s='9' is no time"),  # type: ignore[arg-type]
        ({"timeline": [at(1, latency("target"), until_s=9, toxicity=None)]}, "toxicity=None is no chance"),  # type: ignore[arg-type]
        ({"checks": [1]}, "checks: entry 1 is 1, of type int; write failure_ratio"),
        ({"checks": failure_ratio(below=0.01)}, "give a list: checks=["),
        ({"checks": [failure_ratio]}, "write failure_ratio(below=0.01)"),
        ({"lab": {}}, "give LabSettings(…)"),
        ({"lab": LabSettings(zoo="leeway")}, "lab: zoo='leeway' is of type str; give a list"),  # type: ignore[arg-type]
        ({**OWN, "target": 50051}, "target=50051 is of type int; give an address"),
        ({**OWN, "issuer": "http://127.0.0.1:1/token"}, "is no source of tokens; give ClientCredentials(…)"),
        ({**OWN, "issuer": ClientCredentials}, "is no source of tokens"),
        ({"seed": "7"}, "seed='7' must be a whole number"),
        ({"seed": True}, "seed=True must be a whole number"),
        ({"connections": 1.5}, "connections=1.5 must be a whole number of 1 or more"),
        ({"deadline_s": True}, "deadline_s=True must be above 0"),
        ({"deadline_s": None}, "deadline_s=None must be above 0"),
        ({"max_lag_s": "1"}, "max_lag_s='1' must be 0 or more"),
        ({"load": constant_rate("5", 60, 10)}, "per_s='5' must be above 0"),  # type: ignore[arg-type]
        ({"load": constant_rate(5, "60", 10)}, "duration_s='60' must be above 0"),  # type: ignore[arg-type]
        ({"load": constant_rate(5, 60, 1.5)}, "max_users=1.5 must be a whole number"),  # type: ignore[arg-type]
        ({"load": closed_users(0, 60)}, "users=0 must be a whole number of 1 or more"),
        ({"tokens": Tokens(callers=1.5)}, "callers=1.5 must be a whole number"),  # type: ignore[arg-type]
        ({"tokens": Tokens(key=5)}, "key=5 is no metadata key"),  # type: ignore[arg-type]
        ({"tokens": Tokens(scheme=None)}, "scheme=None is no text"),  # type: ignore[arg-type]
        ({"tokens": Tokens(retry_once="no")}, "retry_once='no' is of type str; give True or False"),  # type: ignore[arg-type]
        ({"tokens": Tokens(backoff_max_s="9")}, "backoff_max_s='9' must be a number"),  # type: ignore[arg-type]
    ],
)
def test_a_setting_of_the_wrong_kind_is_one_sentence(settings: dict[str, Any], said: str) -> None:
    (sentence,) = mistakes_of(**settings)
    assert said in sentence


def test_settings_of_the_wrong_kind_hide_no_other_mistake() -> None:
    found = mistakes_of(load=None, tokens=Tokens(lifetime_s=-1), timeline=5, checks=[1], deadline_s=0)
    for word in ("load=None", "lifetime_s=-1", "timeline=5", "checks: entry 1", "deadline_s=0"):
        assert [sentence for sentence in found if word in sentence], word


def test_a_source_that_knows_its_mistakes_is_asked() -> None:
    class Odd:
        def mistakes(self) -> list[str]:
            return ["issuer: it is odd; give an even one"]

        def open(self) -> None: ...

    assert mistakes_of(target="127.0.0.1:50051", issuer=Odd()) == ("issuer: it is odd; give an even one",)
