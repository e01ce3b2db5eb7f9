"""Every scenario that the lab can serve, on its short course against the right target and clients."""

from pathlib import Path

import pytest

from harness.results.run import find_run
from harness.results.summary import read_summary
from harness.scenario import catalogue
from tests.e2e.storms import DRAWN, Trial, assert_code

pytestmark = pytest.mark.e2e

SCENARIOS = sorted(path for path in Path("scenarios").glob("*.py") if path.stem != "any")
BEFORE_A_COMMIT = {"calm", "expiry_storm"}
"""What `make test` runs of them: one without a fault, and the README's."""
assert {path.stem for path in SCENARIOS} >= BEFORE_A_COMMIT
COURSES = [
    pytest.param(path, id=path.stem, marks=() if path.stem in BEFORE_A_COMMIT else pytest.mark.long)
    for path in SCENARIOS
]


@pytest.mark.parametrize("path", COURSES)
def test_no_check_fails_where_nothing_is_wrong(path: Path, tmp_path: Path) -> None:
    trial = Trial(tmp_path, DRAWN)
    done = trial.jwtstorm("run", str(path.absolute()), "--headless", "--short", "--build", "short")
    assert_code(done, 0)
    summary = read_summary(find_run("short", trial.reports))
    assert summary.health.offered == summary.health.planned


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_lasts_less_than_two_minutes(path: Path) -> None:
    load = catalogue.inspect(path)["load"]
    assert load["warm_up_s"] + load["duration_s"] < 120
