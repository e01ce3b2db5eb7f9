import json
from pathlib import Path

import pytest

from harness.results.row import Cause
from tests.fakes.measured_run import UNAUTHENTICATED, MeasuredRun
from tests.fakes.run import ZERO_NS

REVOKE = {
    "id": "15-revoke", "fault": "revoke", "at_s": 15.0, "until_s": None, "text": "tokens are revoked",
    "meters": [{"of": "revocation", "until": "let in", "cause": ""}],
}  # fmt: skip
ROTATE = {
    "id": "15-rotate", "fault": "rotate", "at_s": 15.0, "until_s": None, "text": "a new key signs",
    "meters": [{"of": "new key", "until": "turned away", "cause": "UNKNOWN_KEY"}],
}  # fmt: skip


def test_the_lag_of_a_revocation_is_until_the_last_old_token_was_let_in(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run", REVOKE)
    rows.call(26, life_s=20.0)  # of a life of 30 s: minted at 16 s, after the step
    (lag,) = rows.summary().measures.lags
    assert (lag.of, lag.step) == ("revocation", "15-revoke")
    # The usual calls carry tokens of 10 s: those sent at 24.0 s are the last that are surely older than the step.
    assert lag.seconds == pytest.approx(24.0 - 15.012, abs=1e-3)


def test_the_lag_of_a_new_key_is_until_the_last_token_of_it_was_turned_away(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run", ROTATE)
    rows.call(16.5, UNAUTHENTICATED, Cause.UNKNOWN_KEY, took_s=0.25)
    (lag,) = rows.summary().measures.lags
    assert lag.seen == 1
    assert lag.seconds == pytest.approx(16.75 - 15.012, abs=1e-3)


def test_a_stream_that_outlived_its_token_tells_when_it_was_cut(tmp_path: Path) -> None:
    rows = MeasuredRun(tmp_path / "run")
    line = {"at_ns": ZERO_NS + 10**9, "latency_s": 7.5, "life_s": 5.0, "after_expiry": 12}
    (tmp_path / "run" / "auth-0.ndjson").write_text(json.dumps(line) + "\n")
    (lag,) = rows.summary().measures.lags
    assert (lag.of, lag.seconds) == ("stream cut", 2.5)
