import json
import subprocess
import sys
from typing import Any

import pytest


def told(seed: int) -> list[dict[str, Any]]:
    """Return Locust's statistics of one course of calls: by events, in batches, in batches while somebody listens."""
    command = [sys.executable, "-m", "tests.fakes.live_stats", str(seed)]
    answers: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return answers


@pytest.mark.e2e
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_batches_leave_locusts_statistics_as_single_events_do(seed: int) -> None:
    by_events, in_batches, _ = told(seed)
    assert by_events["total"][0] == 5000
    assert in_batches == by_events


@pytest.mark.e2e
def test_whoever_listens_to_request_events_hears_every_call_and_none_counts_twice() -> None:
    by_events, _, listened = told(4)
    assert listened.pop("heard") == 5000
    by_events.pop("heard")
    assert listened == by_events
