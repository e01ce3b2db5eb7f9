from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.comparison.statistics.steps import LEAST_POINTS, LEAST_STRETCH, steps


def history(seed: int, count: int = 30, noise: float = 0.02) -> list[float]:
    return list(0.05 * np.random.default_rng(seed).lognormal(0, noise, count))


def test_a_rise_by_a_tenth_is_one_step_at_its_place() -> None:
    values = history(1)
    (step,) = steps(values[:15] + [value * 1.1 for value in values[15:]])
    assert step.at == 15
    assert step.after / step.before == pytest.approx(1.1, rel=0.03)


def test_up_and_down_again_are_two_steps() -> None:
    values = history(2)
    found = steps(values[:10] + [value * 1.2 for value in values[10:20]] + values[20:])
    assert [step.at for step in found] == [10, 20]


def test_a_lone_spike_is_no_step() -> None:
    values = history(3)
    values[12] *= 3
    assert steps(values) == ()


def test_short_histories_show_noise_so_they_show_nothing() -> None:
    assert steps([1.0] * 4 + [9.0] * (LEAST_POINTS - 5)) == ()
    assert len(steps([1.0] * 5 + [9.0] * 5)) == 1


def test_noise_alone_is_seldom_marked() -> None:
    marked = sum(bool(steps(history(seed))) for seed in range(200))
    assert marked <= 4


def test_shares_may_be_zero() -> None:
    assert steps([0.0] * 15, logarithmic=False) == ()
    (step,) = steps([0.0] * 10 + [0.01] * 10, logarithmic=False)
    assert step.at == 10
    assert [step.before, step.after] == pytest.approx([0.0, 0.01])


@given(st.lists(st.floats(1e-4, 10), min_size=10, max_size=40))
def test_stretches_are_long_enough_whatever_the_history(values: list[float]) -> None:
    edges = [0, *(step.at for step in steps(values)), len(values)]
    assert all(after - before >= LEAST_STRETCH for before, after in pairwise(edges))
