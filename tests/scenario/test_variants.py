import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness import LabSettings, Matters, Scenario, Tokens, at, constant_rate, failure_ratio, recovery
from harness.errors import ScenarioError, UsageError
from harness.faults import ClockDrift, EarlyExpiry, ExpireAll, RevokeAll
from harness.lab import zoo
from harness.scenario.variants import LEAST_WARM_UP_S, client_parts, let_loose, shortened, variant
from harness.tokens.sources.token_command import TokenCommand

EXPIRE, REVOKE = ExpireAll(), RevokeAll()
DRIFT = ClockDrift("verifier", 100_000)
EARLY = EarlyExpiry(10)


def storm(**settings: object) -> Scenario:
    given_settings = {
        "load": constant_rate(per_s=20, duration_s=60, max_users=10),
        "tokens": Tokens(lifetime_s=30, before_s=5, jitter_s=2),
        "timeline": [at(15, EXPIRE), at(30, DRIFT, until_s=45)],
        "checks": [failure_ratio(below=0.01), recovery(within_s=3)],
        **settings,
    }
    return Scenario(**given_settings)  # type: ignore[arg-type]


def test_a_short_course_has_the_same_story_in_less_time() -> None:
    short = shortened(storm(), 0.4)
    assert [(step.at_s, step.until_s) for step in short.steps] == [(6, None), (12, 18)]
    assert (short.load.duration_s, short.load.warm_up_s) == (24, LEAST_WARM_UP_S)
    assert (short.tokens.lifetime_s, short.tokens.before_s, short.tokens.jitter_s) == (12, 2, 0.8)


def test_what_says_how_much_stays() -> None:
    whole, short = storm(), shortened(storm(), 0.4)
    assert (short.load.per_s, short.load.max_users) == (whole.load.per_s, whole.load.max_users)
    assert (short.checks, short.deadline_s, short.lab.leeway_s) == (whole.checks, whole.deadline_s, whole.lab.leeway_s)


def test_a_drift_gains_as_much_and_an_early_end_keeps_its_share() -> None:
    short = shortened(storm(timeline=[at(10, DRIFT, until_s=25), at(30, EARLY, until_s=40)], checks=[]), 0.5)
    drift, early = (step.fault for step in short.steps)
    assert drift.settings()["rate_ppm"] * 7.5 == pytest.approx(100_000 * 15)
    assert early.settings()["life_s"] == 5


def test_checks_and_metrics_that_name_a_step_follow_it() -> None:
    whole = storm(
        checks=[recovery(within_s=3, after="15-expire_all"), failure_ratio(0.01, when="30-clock_drift")],
        matters=Matters(primaries=("p99 30-clock_drift", "failed all")),
        hunts={"never-renews": ("recovery 15-expire_all",)},
    )
    short = shortened(whole, 0.4)
    assert [check.label for check in short.checks] == ["recovery 6-expire_all", "failure_ratio 12-clock_drift"]
    assert short.matters.primaries == ("p99 12-clock_drift", "failed all")
    assert short.hunts == {"never-renews": ("recovery 6-expire_all",)}


def test_the_load_lasts_until_the_last_recovery_can_be_seen() -> None:
    short = shortened(storm(timeline=[at(50, EXPIRE)]), 0.2)
    assert short.load.duration_s == 16  # 10 s to the fault, 3 s to recover, 3 good seconds


@given(st.floats(0.1, 1))
def test_any_share_of_a_scenario_is_a_scenario(factor: float) -> None:
    short = shortened(storm(timeline=[at(15, EXPIRE), at(15, REVOKE), at(30, DRIFT, until_s=45)]), factor)
    assert short.mistakes() == []
    assert [step.fault.name() for step in short.steps] == ["expire_all", "revoke_all", "clock_drift"]


def test_runs_of_another_length_or_with_an_animal_are_not_comparable() -> None:
    whole = storm()
    others = [shortened(whole), let_loose(whole, ["skips-exp"]), let_loose(whole, ["never-renews"])]
    assert len({scenario.fingerprint() for scenario in (whole, *others)}) == 4


def test_hunts_are_no_part_of_what_runs_must_share() -> None:
    hunting = storm(hunts={"never-renews": ("failure_ratio steady",)})
    assert hunting.fingerprint() == storm().fingerprint()


def test_an_animal_goes_where_it_lives() -> None:
    loose = let_loose(storm(), ["skips-exp", "never-renews"])
    assert (loose.lab.zoo, loose.clients) == (("skips-exp",), ("never-renews",))


def test_an_unknown_animal_is_refused_with_its_neighbours() -> None:
    with pytest.raises(UsageError, match="did you mean skips-exp"):
        variant(storm(), animals=["skip-exp"])


def test_a_servers_animal_needs_the_labs_own_target() -> None:
    own = Scenario(constant_rate(20, 60, 10), target="127.0.0.1:1", issuer=TokenCommand(["true"]))
    with pytest.raises(UsageError, match="drop target="):
        let_loose(own, ["skips-exp"])


def test_a_hunt_names_animals_and_checks_that_there_are() -> None:
    with pytest.raises(ScenarioError) as caught:
        storm(hunts={"unicorn": (), "never-renews": ("recovery moon",)})
    assert [word for word in ("unicorn", "recovery moon") if word in str(caught.value)] == ["unicorn", "recovery moon"]


@pytest.mark.parametrize("short", [0, 1.5, "half"])
def test_the_short_course_is_a_share_of_the_whole(short: object) -> None:
    with pytest.raises(ScenarioError, match="short="):
        storm(short=short)


def test_a_right_client_is_what_the_tokens_say() -> None:
    parts = client_parts(storm(tokens=Tokens(key="x-token", scheme="", retry_once=False)))
    assert (parts.metadata("abc"), parts.attempts, parts.frozen) == ((("x-token", "abc"),), 1, False)


@pytest.mark.parametrize("name", zoo.names("clients"))
def test_each_wrong_client_differs_in_a_storm(name: str) -> None:
    right = client_parts(storm())
    wrong = client_parts(storm(clients=(name,)))
    different = [
        right.tokens != wrong.tokens,
        right.metadata("a") != wrong.metadata("a"),
        right.clock(5.0) != wrong.clock(5.0),
        (right.attempts, right.frozen) != (wrong.attempts, wrong.frozen),
        type(right.renewal(right.tokens, random.Random(1))) is not type(wrong.renewal(wrong.tokens, random.Random(1))),
    ]
    assert any(different)


def test_the_ages_of_the_key_set_shrink_with_the_course() -> None:
    lab = shortened(storm(lab=LabSettings(keys_lifetime_s=10, keys_cooldown_s=2)), 0.5).lab
    assert (lab.keys_lifetime_s, lab.keys_cooldown_s) == (5, 1)


def test_another_transport_leaves_the_scenario_what_it_is() -> None:
    whole = storm()
    carried = variant(whole, transport="grpcio")
    assert (whole.transport, carried.transport) == ("auto", "grpcio")
    assert carried.fingerprint() == whole.fingerprint()
    assert variant(carried).transport == "grpcio"


def test_an_unknown_transport_is_refused_by_name() -> None:
    with pytest.raises(ScenarioError, match=r"transport='smoke'.*auto, grpcio, native"):
        variant(storm(), transport="smoke")
