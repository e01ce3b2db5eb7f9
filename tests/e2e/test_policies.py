import json
from pathlib import Path

import pytest

from harness.results.run import find_run
from tests.e2e.storms import DRAWN, Trial, settings

pytestmark = pytest.mark.e2e


@pytest.mark.long
def test_the_same_storm_runs_under_each_policy_that_is_named(tmp_path: Path) -> None:
    trial = Trial(tmp_path, DRAWN)
    path = trial.write(settings("timeline=[at(1, ExpireAll())]", duration_s=4))
    done = trial.jwtstorm("policies", str(path), "--policy", "reactive", "--policy", "background-alone")
    assert "2 policies" in done.stdout
    (folder,) = (tmp_path / "reports" / "policies" / "trial").iterdir()
    table = json.loads((folder / "policies.json").read_text())["policies"]
    assert [row["policy"] for row in table] == ["reactive", "background, alone"]
    tokens = [
        json.loads((find_run(label, folder) / "run.json").read_text())["tokens"]
        for label in ("reactive", "background-alone")
    ]
    assert [(one["refresh"], one["single_flight"]) for one in tokens] == [("reactive", True), ("background", False)]
    assert (folder / "policies.html").stat().st_size > 10_000
