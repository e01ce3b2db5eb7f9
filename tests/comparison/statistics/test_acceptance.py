"""The short form of ``make honesty``: fewer trials, the same questions, and controls that must fail."""

import numpy as np
import pytest

from benchmarks.honesty.acceptance import LONG, SHORT, Size, controls, earned, power, runs_of, tail_only, upper_bound
from benchmarks.honesty.hosts import HOSTS
from benchmarks.honesty.trials import coin, fixed, judge, simulate

SIZE = Size(trials=400, runs=200)


def test_the_upper_bound_is_the_one_of_clopper_and_pearson() -> None:
    assert upper_bound(0, 20) == pytest.approx(1 - 0.05 ** (1 / 20))
    assert upper_bound(83, 2000) <= 0.05 < upper_bound(84, 2000)


@pytest.mark.parametrize("host", HOSTS)
def test_the_coin_keeps_false_alarms_near_their_bound_on_every_host(host: str) -> None:
    data = simulate(SIZE.dice(*host.encode()), runs_of(SHORT, SIZE), HOSTS[host], SIZE.trials, 10)
    judged = judge(data.dealt(SIZE.dice(1), coin))
    assert judged.flagged.mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / SIZE.trials)


@pytest.mark.parametrize("host", ["drift", "alternating"])
def test_the_same_data_in_fixed_order_fails(host: str) -> None:
    data = simulate(SIZE.dice(*host.encode()), runs_of(SHORT, SIZE), HOSTS[host], SIZE.trials, 10)
    assert judge(data.dealt(SIZE.dice(1), fixed)).flagged.mean() > 0.15


def test_every_negative_control_fails_as_it_must() -> None:
    lines = [line for line in controls(SIZE) if line.bound]
    assert {line.what for line in lines} >= {"drift, ABAB", "drift, AAAABBBB", "calm, Mann-Whitney on requests"}
    assert [line.what for line in lines if not line.holds] == []


def test_changes_that_are_there_are_found_and_never_in_the_wrong_direction() -> None:
    lines = list(power(SIZE))
    bells = [line for line in lines if "exactly" in line.what]  # known to miss: docs/honesty.md says why
    assert len(bells) == 2
    assert [line for line in lines if not line.holds and line not in bells] == []


def test_a_slower_tail_leaves_p50_alone_and_same_is_earned() -> None:
    assert [line for line in (*tail_only(SIZE), *earned(SIZE)) if not line.holds] == []


def test_the_same_seed_gives_the_same_trials() -> None:
    once, again = (
        simulate(SIZE.dice(9), runs_of(LONG, SIZE), HOSTS["calm"], 5, 8).dealt(SIZE.dice(1), coin) for _ in range(2)
    )
    assert np.array_equal(once, again)
    assert not np.array_equal(once, simulate(SIZE.dice(8), runs_of(LONG, SIZE), HOSTS["calm"], 5, 8).new[:, :8])
