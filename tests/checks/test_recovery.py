import pytest

from harness import recovery
from harness.errors import ScenarioError
from harness.faults import ClockSkew
from harness.faults.timeline import at
from harness.scenario.load import constant_rate
from harness.scenario.scenario import Scenario
from tests.checks.worked import STEPS, Worked, step, summary

NEVER = step("30-latency", recovery_s=None, recovery_reason="failures stayed at 20 %", recovery_at_least_s=3.1)
SLOW_AND_UNSEEN = summary(steps=(step(recovery_s=4.0), step("30-latency", recovery_s=None, recovery_at_least_s=1.0)))

WORKED = (
    Worked(recovery(within_s=3), summary(steps=(step(),)), "passed", 1.0, "good again 1 s later"),
    Worked(recovery(within_s=3, after="latency"), summary(steps=(step("30-latency"),)), "passed", 1.0),
    Worked(recovery(within_s=3), summary(steps=(step(recovery_s=4.0),)), "failed", 4.0),
    Worked(recovery(within_s=3), summary(steps=(step(), NEVER)), "failed", None, "failures stayed at 20 %"),
    Worked(recovery(within_s=3), SLOW_AND_UNSEEN, "failed", 4.0),
)
WRONG = (recovery(within_s=0), recovery(within_s=1, after="rotate"))


@pytest.mark.parametrize("at_least_s", [None, 0.0, 3.0])
def test_a_recovery_that_could_not_be_seen_is_no_data(at_least_s: float | None) -> None:
    cut = step("30-latency", recovery_s=None, recovery_reason="the load ended", recovery_at_least_s=at_least_s)
    result = recovery(within_s=3).evaluate(summary(steps=(step(), cut)))
    assert result.result == "no data"
    assert "after 30-latency, the load ended" in result.sentence
    assert recovery(within_s=3, after="expire_all").evaluate(summary(steps=(step(), cut))).result == "passed"


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
