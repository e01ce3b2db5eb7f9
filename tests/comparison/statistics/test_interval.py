from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.comparison.statistics.interval import (
    cut_of,
    pairs_to_show,
    sign_flip_p,
    smallest_n,
    subset_mean_bounds,
    subset_mean_interval,
    subset_means,
)

DIFFERENCES = st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=8, max_size=11)


def test_all_subset_means_of_three_numbers() -> None:
    means = sorted(subset_means(np.array([[1.0, 2.0, 6.0]]))[0].tolist())
    assert means == pytest.approx([1.0, 1.5, 2.0, 3.0, 3.5, 4.0, 6.0])


@given(DIFFERENCES)
def test_the_interval_is_the_kth_subset_mean_from_either_end(values: list[float]) -> None:
    means = sorted(sum(chosen) / size for size in range(1, len(values) + 1) for chosen in combinations(values, size))
    cut = cut_of(len(values), 0.05)
    found = subset_mean_interval(values, 0.05)
    assert found is not None
    assert [found.low, found.high] == pytest.approx([means[cut - 1], means[-cut]])


def test_eight_pairs_at_one_percent_reach_from_the_smallest_to_the_largest_difference() -> None:
    found = subset_mean_interval([3, 1, 2, 8, 5, 4, 7, 6], 0.05 / 5)
    assert found is not None
    assert (found.low, found.high, found.level) == (1, 8, 1 - 2 / 256)


@pytest.mark.parametrize(("metrics", "least"), [(1, 6), (3, 7), (6, 8), (12, 9)])
def test_the_smallest_number_of_pairs_that_can_decide(metrics: int, least: int) -> None:
    assert smallest_n(0.05 / metrics) == least
    assert subset_mean_interval([0.1] * (least - 1), 0.05 / metrics) is None
    assert subset_mean_interval([0.1] * least, 0.05 / metrics) is not None


def test_no_difference_gives_no_interval_at_all() -> None:
    assert subset_mean_interval([], 0.05) is None


@given(DIFFERENCES, st.floats(-1, 1))
def test_the_interval_moves_with_its_differences(values: list[float], shift: float) -> None:
    here = subset_mean_interval(values, 0.05)
    there = subset_mean_interval([value + shift for value in values], 0.05)
    assert here is not None
    assert there is not None
    assert [there.low, there.high] == pytest.approx([here.low + shift, here.high + shift])


@pytest.mark.parametrize("n", [8, 17])
def test_the_interval_misses_the_truth_as_often_as_it_says(n: int) -> None:
    dice = np.random.default_rng(3)
    signs = dice.choice([-1.0, 1.0], (400, n))
    low, high = subset_mean_bounds(signs * dice.pareto(1.5, (400, n)), 0.10)
    misses = int(((low > 0) | (high < 0)).sum())
    expected = 400 * (2 * cut_of(n, 0.10) / 2**8 if n == 8 else 0.10)
    assert abs(misses - expected) < 4 * expected**0.5


def test_more_than_sixteen_pairs_use_the_same_random_subsets_each_time() -> None:
    values = np.random.default_rng(5).standard_normal(20)
    assert subset_mean_interval(values, 0.05) == subset_mean_interval(values, 0.05)


def test_the_sign_flip_p_of_five_equal_differences() -> None:
    assert sign_flip_p([1, 1, 1, 1, 1]) == 2 / 32
    assert sign_flip_p([1, -1]) == 1.0


def test_more_spread_needs_more_pairs_and_beyond_a_thousand_nobody_goes() -> None:
    values = np.random.default_rng(1).standard_normal(10)
    needed = [pairs_to_show(values * size, 0.1, 0.01) for size in (0.1, 0.2, 0.4)]
    assert None not in needed
    assert needed == sorted(needed, key=lambda one: one or 0)
    assert needed[0] != needed[2]
    assert pairs_to_show(values * 100, 0.1, 0.01) is None


def test_the_pairs_that_are_needed_give_an_interval_as_narrow_as_the_change() -> None:
    dice = np.random.default_rng(2)
    needed = pairs_to_show(dice.normal(0, 0.05, 12), 0.02, 0.05)
    assert needed is not None
    found = subset_mean_interval(dice.normal(0, 0.05, needed), 0.05)
    assert found is not None
    assert (found.high - found.low) / 2 == pytest.approx(0.02, rel=0.4)
