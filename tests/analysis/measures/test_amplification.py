from pathlib import Path

import pytest

from tests.fakes.measured_run import MeasuredRun


def test_amplification_is_measured_against_one_fetch_per_holder_and_life(tmp_path: Path) -> None:
    counters = {"zero": {"token_requests": 10, "jwks_requests": 1}, "end": {"token_requests": 25, "jwks_requests": 16}}
    found = MeasuredRun(tmp_path / "run", counters=counters).summary().measures.amplification
    assert found.holders == 10
    assert found.ideal_per_s == pytest.approx(1 / 3)
    assert (found.token_requests, found.key_set_requests, found.attempts_per_call) == (15, 15, 1.0)
    assert found.key_sets_per_cooldown == pytest.approx(0.5)
    assert found.in_flight is not None
    assert (found.in_flight.sent, found.in_flight.died) == (300, 0)


def test_renewal_is_measured_against_the_life_that_tokens_really_had(tmp_path: Path) -> None:
    run = MeasuredRun(tmp_path / "run")  # the setting says 30 s, and the issuer gives 15
    for at_s in range(0, 30, 3):
        run.fetch(at_s, life_s=15.0)
    found = run.summary().measures.amplification
    assert found.life_s == 15
    assert found.ideal_per_s == pytest.approx(10 / 15)
    assert found.fetches_per_expiry == pytest.approx(found.fetches / 20)
