from typing import Any

import pytest

from harness.endpoint import Endpoint, endpoint_of
from harness.errors import UsageError
from harness.lab.processes.launch import Launch
from harness.scenario.build_override import lab_changes, put_under_test
from harness.scenario.load import constant_rate
from harness.scenario.scenario import Scenario
from harness.tokens.sources.token_command import TokenCommand

LOAD = constant_rate(per_s=10, duration_s=5, max_users=2)


def own(target: str | Endpoint) -> Scenario:
    return Scenario(load=LOAD, target=target, issuer=TokenCommand(("true",)))


def test_a_lab_build_changes_the_lab_and_nothing_else() -> None:
    scenario = put_under_test(Scenario(load=LOAD), "lab:work_s=0.0055,leeway_s=2")
    assert (scenario.lab.work_s, scenario.lab.leeway_s) == (0.0055, 2.0)
    assert scenario.tokens == Scenario(load=LOAD).tokens


def test_lab_alone_is_the_scenario_as_it_stands() -> None:
    assert put_under_test(Scenario(load=LOAD), "lab") == Scenario(load=LOAD)


def test_defects_of_servers_go_into_the_target_and_those_of_clients_into_the_users() -> None:
    scenario = put_under_test(Scenario(load=LOAD), "lab:zoo=skips-exp+gives-up-at-once")
    assert scenario.lab.zoo == ("skips-exp",)
    assert scenario.clients == ("gives-up-at-once",)


def test_tokens_may_be_what_builds_differ_in() -> None:
    assert put_under_test(Scenario(load=LOAD), "tokens:refresh=reactive").tokens.refresh == "reactive"


@pytest.mark.parametrize("target", ["127.0.0.1:50051", Endpoint(("127.0.0.1:50051",), connections=3)])
def test_an_address_moves_the_target_and_keeps_how_it_is_reached(target: Any) -> None:
    before = own(target)
    after = put_under_test(before, "127.0.0.1:50052")
    assert isinstance(after.target, str | Endpoint)
    assert endpoint_of(after.target).addresses == ("127.0.0.1:50052",)
    assert after.fingerprint() == before.fingerprint()


def test_a_command_takes_the_place_of_the_launched_program_and_keeps_the_rest() -> None:
    before = Scenario(load=LOAD, target=Launch(["./old", "{port}", "{jwks_url}"], ready_within_s=3))
    after = put_under_test(before, "cmd:./new --port {port} --jwks {jwks_url}")
    assert isinstance(after.target, Launch)
    assert after.target.command == ("./new", "--port", "{port}", "--jwks", "{jwks_url}")
    assert after.target.ready_within_s == 3
    assert after.fingerprint() == before.fingerprint()


@pytest.mark.parametrize(
    ("command", "said"), [("./new", "not told its port"), ("./new '{port}", "quote the command whole")]
)
def test_a_command_that_cannot_be_launched_is_refused(command: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        put_under_test(Scenario(load=LOAD, target=Launch(["./old", "{port}", "{jwks_url}"])), f"cmd:{command}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lab:speed=3", "known are"),
        ("lab:work_s", "write work_s=VALUE"),
        ("lab:work_s=fast", "no number"),
        ("lab:work_s=-1", "work_s"),
        ("lab:zoo=skips-ex", "did you mean"),
        ("nowhere", "give host:port"),
        ("cmd:./new {port}", "launches no program"),
        ("127.0.0.1:1", "write target= and issuer="),
    ],
)
def test_a_build_that_cannot_be_is_refused_with_a_way_out(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        put_under_test(Scenario(load=LOAD), text)


def test_the_lab_cannot_stand_in_for_a_target_of_your_own() -> None:
    with pytest.raises(UsageError, match="target of its own"):
        put_under_test(own("127.0.0.1:50051"), "lab:work_s=0.1")


def test_several_defects_are_joined_by_a_plus() -> None:
    assert lab_changes("zoo=a+b,work_s=0.1") == {"zoo": ("a", "b"), "work_s": 0.1}
