import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from harness.comparison.statistics.noise_floor import (
    NAME,
    NoiseFloor,
    noise_floor,
    reach,
    read_noise_floor,
    write_noise_floor,
)
from harness.errors import RecordError, UsageError
from tests.comparison.statistics.fake_pairs import FAILED, P50, P99, run

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = {"scenario": "calm", "host": {"cpu": "A", "cores": 2}}
TIMES = [0.010, 0.0102, 0.0099, 0.0101, 0.0103, 0.0098, 0.0100, 0.0101, 0.0099, 0.0102]


def floor() -> NoiseFloor:
    runs = [run("v1", {P50: time, P99: None, FAILED: 0.01}) for time in TIMES]
    return noise_floor(runs, "calm", HERE, NOW)


def test_the_floor_is_the_deviation_of_ten_runs_on_the_metrics_scale() -> None:
    found = floor()
    assert found.spreads["p50 steady"].deviation == pytest.approx(np.log(TIMES).std(ddof=1))
    assert found.spreads["failed all"].deviation == pytest.approx(0, abs=1e-12)
    assert "p99 steady" not in found.spreads


def test_a_hint_needs_t_times_the_deviation_of_a_difference() -> None:
    found = floor()
    bound = reach(found.spreads["p50 steady"], 5)
    expected = stats.t.ppf(1 - 0.05 / 10, 9) * np.log(TIMES).std(ddof=1) * math.sqrt(2)
    assert bound == pytest.approx(expected)
    assert found.hint(P50, 0.010, 0.010 * math.exp(bound * 0.99), 5) is None
    slower = found.hint(P50, 0.010, 0.010 * math.exp(bound * 1.01), 5)
    assert slower == "looks worse: outside the noise of 10 same-build runs"
    assert str(found.hint(P50, 0.010, 0.005, 5)).startswith("looks better")


def test_no_hint_about_what_was_not_calibrated_or_not_measured() -> None:
    assert floor().hint(P99, 0.1, 10.0, 5) is None
    assert floor().hint(P50, None, 10.0, 5) is None


def test_a_floor_is_good_for_two_weeks_on_its_host_with_its_settings() -> None:
    found = floor()
    assert found.doubt(HERE, NOW + timedelta(days=13)) is None
    assert "15 days old" in str(found.doubt(HERE, NOW + timedelta(days=15)))
    assert "another host (A, 2)" in str(found.doubt({**HERE, "host": {"cpu": "B"}}, NOW))
    assert "other settings" in str(found.doubt({**HERE, "scenario": "storm"}, NOW))


def test_a_floor_survives_its_file(tmp_path: Path) -> None:
    assert read_noise_floor(tmp_path) is None
    assert write_noise_floor(tmp_path / "calm", floor()).name == NAME
    assert read_noise_floor(tmp_path / "calm") == floor()


@pytest.mark.parametrize("text", ["{", "[]", '{"schema": 2}', json.dumps({"schema": 1, "spreads": {}})])
def test_a_damaged_file_says_to_calibrate_again(tmp_path: Path, text: str) -> None:
    (tmp_path / NAME).write_text(text)
    with pytest.raises(RecordError, match="calibrate again"):
        read_noise_floor(tmp_path)


def test_four_runs_or_two_builds_are_no_floor() -> None:
    with pytest.raises(UsageError, match="found 4 runs of v1"):
        noise_floor([run("v1", {P50: 0.01})] * 4, "calm", HERE, NOW)
    with pytest.raises(UsageError, match="of v1, v2"):
        noise_floor([run("v1", {P50: 0.01})] * 5 + [run("v2", {P50: 0.01})] * 5, "calm", HERE, NOW)
