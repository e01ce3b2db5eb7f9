from dataclasses import replace

import pytest

from harness import (
    amplification,
    attempts,
    crashes,
    failure_ratio,
    false_accepts,
    false_rejects,
    lag,
    recovery,
    refreshes,
    response_time,
    service_time,
)
from harness.checks import CHECKS, Check, check_from_json
from harness.checks.failure_ratio import steady_limit
from harness.errors import RecordError, ScenarioError
from harness.faults import ClockSkew
from harness.faults.timeline import at
from harness.results.auth_summary import Measures, ProbeOutcome
from harness.results.summary import Cell, Spread, StepOutcome, Summary
from harness.scenario.load import constant_rate
from harness.scenario.scenario import Scenario

STEPS = {"15-expire_all": "expire_all", "30-latency": "latency"}
EXAMPLES: list[Check] = [
    failure_ratio(below=0.01),
    response_time(0.99, below_s=0.25, when="all"),
    service_time(0.5, below_s=0.1, when="30-latency"),
    recovery(within_s=3, after="latency"),
    refreshes(below=20),
    attempts(per_call_below=1.5),
    crashes(below=0.001),
    false_accepts(below=0.001),
    false_rejects(below=0.001),
    amplification(below=1.2),
    lag(of="new key", below_s=2),
]
WRONG: list[Check] = [
    failure_ratio(below=2),
    failure_ratio(below=0.1, when="31-latency"),
    response_time(0.97, below_s=1),
    service_time(0.99, below_s=-1),
    recovery(within_s=0),
    recovery(within_s=1, after="rotate"),
    refreshes(below="many"),  # type: ignore[arg-type]
    attempts(per_call_below=float("nan")),
    crashes(below=2),
    crashes(below=0.1, of="31-latency"),
    false_accepts(below=0),
    false_accepts(below=0.1, of="31-latency"),
    false_rejects(below=1.5),
    amplification(below=2, of="calls"),
    amplification(below=2, of="expiries", after="latency"),
    lag(of="moon", below_s=1),
]


def _step(step: str = "15-expire_all", **others: object) -> StepOutcome:
    whole = StepOutcome(step, STEPS[step], "environment", "", 15, None, 15.0, None, None, recovery_s=1.0, fetches=12)
    return replace(whole, **others)  # type: ignore[arg-type]


def _summary(*cells: Cell, steps: tuple[StepOutcome, ...] = ()) -> Summary:
    return Summary("r", "s", "b", "", 60, 10, 1, {}, None, {}, cells=cells, steps=steps)


def test_every_check_has_an_example_here() -> None:
    assert {check.check for check in EXAMPLES} == set(CHECKS)


@pytest.mark.parametrize("check", EXAMPLES, ids=lambda check: check.check)
def test_a_check_survives_json_and_says_itself_in_words(check: Check) -> None:
    assert check_from_json(check.to_json()) == check
    assert check.mistakes(STEPS) == []
    assert check.text


@pytest.mark.parametrize("check", EXAMPLES, ids=lambda check: check.check)
def test_a_check_without_anything_to_judge_has_no_data(check: Check) -> None:
    result = check.evaluate(_summary())
    assert result.result == "no data"
    assert result.value is None


@pytest.mark.parametrize("check", WRONG, ids=lambda check: check.text)
def test_a_wrong_setting_is_named_with_its_value(check: Check) -> None:
    assert len(check.mistakes(STEPS)) == 1
    assert check.check in check.mistakes(STEPS)[0]


def test_an_unknown_check_in_a_file_is_refused_by_name() -> None:
    with pytest.raises(RecordError, match="unknown check speed"):
        check_from_json({"check": "speed"})
    with pytest.raises(RecordError, match="failure_ratio has a setting"):
        check_from_json({"check": "failure_ratio", "above": 1})


def test_the_worst_phase_decides_where_a_fault_has_several_windows() -> None:
    steps = (_step(), replace(_step(), step="40-expire_all"))
    summary = _summary(
        Cell("recovery:15-expire_all", "*", calls=100, failed=1),
        Cell("recovery:40-expire_all", "*", calls=100, failed=9),
        steps=steps,
    )
    result = failure_ratio(below=0.05, when="expire_all").evaluate(summary)
    assert (result.result, result.value) == ("failed", 0.09)
    assert "40-expire_all" in result.sentence


def test_a_limit_is_not_met_by_reaching_it() -> None:
    summary = _summary(Cell("steady", "*", calls=100, failed=1))
    assert failure_ratio(below=0.01).evaluate(summary).result == "failed"
    assert failure_ratio(below=0.011).evaluate(summary).result == "passed"


def test_a_quantile_of_too_few_calls_is_no_data() -> None:
    summary = _summary(Cell("steady", "*", calls=400, response_ok=Spread(n=400, p50_s=0.1, max_s=0.2)))
    result = response_time(0.99, below_s=0.25).evaluate(summary)
    assert result.result == "no data"
    assert "takes 500" in result.sentence


def test_a_fault_that_never_recovered_fails_with_its_reason() -> None:
    lost = _step("30-latency", recovery_s=None, recovery_reason="failures stayed at 20 %", recovery_at_least_s=3.1)
    result = recovery(within_s=3).evaluate(_summary(steps=(_step(), lost)))
    assert result.result == "failed"
    assert "failures stayed at 20 %" in result.sentence


@pytest.mark.parametrize("at_least_s", [None, 0.0, 3.0])
def test_a_recovery_that_could_not_be_seen_is_no_data(at_least_s: float | None) -> None:
    cut = _step("30-latency", recovery_s=None, recovery_reason="the load ended", recovery_at_least_s=at_least_s)
    result = recovery(within_s=3).evaluate(_summary(steps=(_step(), cut)))
    assert result.result == "no data"
    assert "after 30-latency, the load ended" in result.sentence
    assert recovery(within_s=3, after="expire_all").evaluate(_summary(steps=(_step(), cut))).result == "passed"


def test_a_late_recovery_fails_although_another_could_not_be_seen() -> None:
    steps = (_step(recovery_s=4.0), _step("30-latency", recovery_s=None, recovery_at_least_s=1.0))
    result = recovery(within_s=3).evaluate(_summary(steps=steps))
    assert (result.result, result.value) == ("failed", 4.0)


@pytest.mark.parametrize(("duration_s", "after", "named"), [(50, None, 1), (51, None, 0), (50, "expire_all", 0)])
def test_a_recovery_check_has_to_fit_into_the_load(duration_s: float, after: str | None, named: int) -> None:
    ends_s = {"15-expire_all": 15.0, "30-latency": 45.0}
    found = recovery(within_s=3, after=after).misfits(ends_s, STEPS, duration_s)
    assert len(found) == named
    assert all("after 30-latency" in sentence and "give duration_s >= 51" in sentence for sentence in found)


def test_a_scenario_whose_load_ends_too_soon_for_its_recovery_is_refused() -> None:
    late = at(55, ClockSkew(of="issuer", skew_s=5), until_s=58)
    with pytest.raises(ScenarioError, match="give duration_s >= 64"):
        Scenario(constant_rate(20, duration_s=60, max_users=10), timeline=[late], checks=[recovery(within_s=3)])


def test_a_recovery_that_took_no_time_passes_what_bounds_it() -> None:
    summary = _summary(steps=(_step(recovery_s=0.0),))
    assert failure_ratio(below=0.05, when="recovery").evaluate(summary).result == "passed"
    assert failure_ratio(below=0.05, when="expire_all").evaluate(summary).result == "passed"


def test_the_steady_bound_says_what_a_good_second_is() -> None:
    assert steady_limit([]) == 0.01
    assert steady_limit([failure_ratio(below=0.3, when="all"), failure_ratio(below=0.001)]) == 0.001


MATRIX = {"SIGN-01": {"OK": 3, "UNAUTHENTICATED": 5}, "TIME-07": {"INTERNAL": 2}, "TIME-01": {"UNAUTHENTICATED": 990}}
PROBE = ProbeOutcome(
    "15-expire_all", "expire_all", "calls carry defects", sent=1000, right=995, accepted=3, crashed=2,
    answers=MATRIX, naked={"pkg.Bank/Pay": 2, "pkg.Bank/Watch": 1},
)  # fmt: skip


def test_what_was_let_in_is_named_with_the_methods_that_did_it() -> None:
    result = false_accepts(below=0.001).evaluate(replace(_summary(), measures=Measures((PROBE,))))
    assert result.result == "failed"
    assert result.sentence.endswith("the limit is 0.1 %; let in: SIGN-01, by Pay, Watch.")


def test_what_crashed_the_verifier_is_named() -> None:
    summary = replace(_summary(), measures=Measures((PROBE,)))
    assert crashes(below=0.001).evaluate(summary).sentence.endswith("the limit is 0.1 %; crashed by: TIME-07.")
    assert crashes(below=0.01).evaluate(summary).result == "passed"


def test_none_of_a_few_proves_little() -> None:
    few = ProbeOutcome("15-expire_all", "expire_all", "", sent=10, right=10)
    result = crashes(below=0.01).evaluate(replace(_summary(), measures=Measures((few,))))
    assert (result.result, "it takes 299" in result.sentence) == ("no data", True)
